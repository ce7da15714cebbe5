using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Loading;

namespace Jumpbag.Commands;

/// <summary>jumpbag load DUMP…</summary>
public static class LoadCommand
{
    private static readonly Argument<string[]> Dumps = new("dump") { Arity = ArgumentArity.OneOrMore, Description = "files in the order in which they are read, plain or compressed; - is standard input" };
    private static readonly Option<bool> List = new("--list") { Description = "show what is in the dump, with rows, size and place" };
    private static readonly Option<string> Extract = new("--extract") { HelpName = "TABLE", Description = "write this table's statements to standard output; DATABASE.TABLE where several have the name" };

    public static Command Make()
    {
        var command = new Command("load") { Dumps, List, Extract, CommonOptions.Json, CommonOptions.Quiet, CommonOptions.Progress, CommonOptions.Color };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        string? table = parsed.GetValue(Extract);
        bool list = parsed.GetValue(List);
        if (list == table is not null)
            throw new UsageException(list ? "--list and --extract exclude each other" : "nothing to do: neither --list nor --extract is given", "'jumpbag load --help' shows what it takes");
        using DumpInput input = DumpInput.Open(parsed.GetRequiredValue(Dumps));
        return list ? DumpListing.Write(input, parsed.GetValue(CommonOptions.Json), session) : TableExtraction.Write(input, table!, session);
    }
}
