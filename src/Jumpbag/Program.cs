using Jumpbag.CommandLine;

return Invocation.Run(RawArguments.Read(args));
