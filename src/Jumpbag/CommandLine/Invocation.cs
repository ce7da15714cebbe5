using System.CommandLine;
using System.CommandLine.Parsing;
using Jumpbag.Core;
using Jumpbag.FactFinding;
using Jumpbag.Host;
using Jumpbag.Incidents;
using Jumpbag.Terminal;

namespace Jumpbag.CommandLine;

/// <summary>Finds the command, parses its options, runs it, and turns whatever ends it into a message and an exit status.</summary>
public static class Invocation
{
    public static int Run(string[] arguments)
    {
        if (ProbeChild.IsMeant(arguments))
            return ProbeChild.Run(arguments);
        // Only the command that is meant is built: the others' options would cost a millisecond.
        string name = arguments.FirstOrDefault(argument => !argument.StartsWith('-')) ?? "";
        RootCommand root = CommandTable.Root(arguments.Length > 0 && arguments[0] == name ? name : "");
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        using var events = new EventWriter(IsSet(parsed, CommonOptions.Quiet), Choice(parsed, CommonOptions.Progress), Choice(parsed, CommonOptions.Color));
        if (parsed.Action is not System.CommandLine.Help.HelpAction && Mistake(parsed) is { } mistake)
        {
            string command = string.Concat(CommandPath.Of(parsed).Select(word => " " + word));
            events.Failure(mistake, $"'jumpbag{command} --help' shows what it takes");
            return ExitStatus.Usage;
        }
        CommandJournal? journal = parsed.Action is HelpWithExample ? null : CommandJournal.Begin(name, arguments, parsed, events.Show);
        int status = Execute(parsed, events);
        journal?.End(status);
        return status;
    }

    private static int Execute(ParseResult parsed, EventWriter events)
    {
        try
        {
            // A writer of our own for help: the library would otherwise open the console, with a thread and the terminal's settings.
            using var help = new StreamWriter(new StandardStream(1), bufferSize: 256) { AutoFlush = true };
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = help });
        }
        catch (IOException e) when (e.HResult == (int)Errno.BrokenPipe)
        {
            return ExitStatus.BrokenPipe;
        }
        catch (BrokenPipeException)
        {
            return ExitStatus.BrokenPipe;
        }
        catch (Exception e)
        {
            return Report(e, events);
        }
    }

    /// <summary>What is wrong with the command line; null where nothing is.</summary>
    private static string? Mistake(ParseResult parsed)
    {
        bool isRoot = parsed.CommandResult.Command == parsed.RootCommandResult.Command;
        if (isRoot && parsed.UnmatchedTokens.Count > 0)
            return $"{parsed.UnmatchedTokens[0]}: no such {(parsed.UnmatchedTokens[0].StartsWith('-') ? "option" : "command")}";
        // The library takes an option that it does not know for an argument; here it is one only after "--".
        if (parsed.Tokens.All(token => token.Type != TokenType.DoubleDash))
            foreach (ArgumentResult argument in parsed.CommandResult.Children.OfType<ArgumentResult>())
                if (argument.Tokens.FirstOrDefault(token => token.Value.Length > 1 && token.Value[0] == '-') is { } option)
                    return $"{option.Value}: no such option";
        // Where a verb is wanted, a word that is none says more than that there is none.
        if (parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var word, ..] && parsed.Errors.Count > 0)
            return $"Unrecognized command or argument '{word}'";
        return parsed.Errors.Count > 0 ? string.Join(' ', parsed.Errors[0].Message.TrimEnd('.').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) : null;
    }

    /// <summary>Makes an action of a command: a session around it, its output flushed, its status the result.</summary>
    public static void Runs(this Command command, Func<ParseResult, Session, int> action) => command.SetAction(parsed =>
    {
        using var events = new EventWriter(IsSet(parsed, CommonOptions.Quiet), Choice(parsed, CommonOptions.Progress), Choice(parsed, CommonOptions.Color));
        using var session = new Session(events);
        try
        {
            int status = action(parsed, session);
            session.Out.Flush();
            return status;
        }
        finally
        {
            events.Finish();
        }
    });

    private static int Report(Exception failure, EventWriter events)
    {
        switch (failure)
        {
            case JumpbagException known:
                events.Failure(known.Message, known.Hint);
                return ExitStatus.Of(known);
            case OperationCanceledException:
                events.Failure("interrupted", null);
                return ExitStatus.Interrupted;
            default:
                bool trace = Environment.GetEnvironmentVariable("JUMPBAG_TRACE") is not (null or "");
                events.Failure($"a defect of jumpbag: {(trace ? failure.ToString() : failure.GetType().Name + ": " + failure.Message)}",
                    trace ? null : "nothing was written to the source; please report this with what JUMPBAG_TRACE=1 prints");
                return ExitStatus.Failed;
        }
    }

    private static bool IsSet(ParseResult parsed, Option<bool> option) => parsed.GetResult(option) is not null && parsed.GetValue(option);

    private static string Choice(ParseResult parsed, Option<string> option) =>
        parsed.GetResult(option) is { Errors: var errors } && !errors.Any() ? parsed.GetValue(option) ?? "auto" : "auto";
}
