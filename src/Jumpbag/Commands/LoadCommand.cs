using System.CommandLine;
using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Databases.Loading;
using Jumpbag.Databases.Servers;
using Jumpbag.Host;
using Jumpbag.Loading;

namespace Jumpbag.Commands;

/// <summary>jumpbag load DUMP… SERVER</summary>
public static class LoadCommand
{
    private static readonly Argument<string[]> Arguments = new("dump")
    {
        Arity = ArgumentArity.ZeroOrMore,
        Description = "files of a dump in order (- is standard input; gzip, zstd, xz and bzip2 are recognised), then the server: mysql://user@host/database, postgresql://…",
    };
    private static readonly Option<bool> List = new("--list") { Description = "only show what is in the dump, with rows, size and place" };
    private static readonly Option<string> Extract = new("--extract") { HelpName = "TABLE", Description = "only write this table's statements to standard output; DATABASE.TABLE where several have the name" };
    private static readonly Option<string[]> Tables = Names("--tables", "TABLE,…", "only these tables: orders, shop.orders, log_*");
    private static readonly Option<string[]> Exclude = Names("--exclude", "NAME,…", "all but these tables, views, routines, events");
    private static readonly Option<string[]> Databases = Names("--databases", "DB,…", "only these databases (PostgreSQL: schemas)");
    private static readonly Option<string[]> Rename = Names("--rename", "OLD=NEW", "load a database or table under another name");
    private static readonly Option<bool> SchemaOnly = new("--schema-only") { Description = "definitions, no rows" };
    private static readonly Option<bool> DataOnly = new("--data-only") { Description = "rows, no definitions" };
    private static readonly Option<string> Jobs = new("--jobs", "-j") { HelpName = "N", Description = "connections (one for each processor)" };
    private static readonly Option<string> OnErrorOption = new("--on-error") { HelpName = "stop|skip", Description = "at a statement that the server refuses", DefaultValueFactory = _ => "stop" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "go on with a load that was broken off" };
    private static readonly Option<bool> Replace = new("--replace") { Description = "drop what the server has under the names of the dump" };
    private static readonly Option<bool> KeepIndexes = new("--no-defer-indexes") { Description = "keep all indexes while rows are loaded" };
    private static readonly Option<string> Definer = new("--definer") { HelpName = "keep|drop", Description = "DEFINER clauses of views, triggers, routines and events", DefaultValueFactory = _ => "keep" };
    private static readonly Option<bool> NoBinlog = new("--no-binlog") { Description = "do not write the load to the server's binary log" };
    private static readonly Option<string> MaxReplicaLag = new("--max-replica-lag") { HelpName = "SECONDS", Description = "wait while a replica is further behind" };
    private static readonly Option<string> SpoolFolder = new("--spool") { HelpName = "DIR", Description = "keep a dump that comes through a pipe in this folder first, so that it is known to be whole" };
    private static readonly Option<string> DefaultsFile = new("--defaults-file") { HelpName = "FILE", Description = "the server's address from this option file and no other" };
    private static readonly Option<string> DefaultsExtraFile = new("--defaults-extra-file") { HelpName = "FILE", Description = "this option file too" };
    private static readonly Option<string> PasswordFile = new("--password-file") { HelpName = "FILE", Description = "its first line is the password" };

    /// <summary>What means nothing where a dump is only looked at: not to be passed over in silence.</summary>
    private static readonly Option[] OfLoading =
    [
        Tables, Exclude, Databases, Rename, SchemaOnly, DataOnly, Jobs, OnErrorOption, Resume, Replace, KeepIndexes, Definer, NoBinlog, MaxReplicaLag, SpoolFolder, DefaultsFile, DefaultsExtraFile, PasswordFile,
        CommonOptions.DryRun,
    ];

    static LoadCommand()
    {
        OnErrorOption.AcceptOnlyFromAmong("stop", "skip");
        Definer.AcceptOnlyFromAmong("keep", "drop");
    }

    public static Command Make()
    {
        var command = new Command("load")
        {
            Arguments, List, Extract, Tables, Exclude, Databases, Rename, SchemaOnly, DataOnly, Jobs, OnErrorOption, Resume, Replace, KeepIndexes, Definer, NoBinlog,
            MaxReplicaLag, SpoolFolder, DefaultsFile, DefaultsExtraFile, PasswordFile, CommonOptions.DryRun, CommonOptions.Json, CommonOptions.Quiet, CommonOptions.Progress, CommonOptions.Color,
        };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        string[] words = parsed.GetValue(Arguments) ?? [];
        string[] urls = [.. words.Where(IsUrl)];
        string[] dumps = [.. words.Where(word => !IsUrl(word))];
        if (urls.Length > 1)
            throw new UsageException($"{urls.Length} servers are named", "a dump is loaded into one; run the command once for each");
        if (dumps.Length == 0)
            throw new UsageException("no dump is named", "jumpbag load dump.sql.gz mysql://root@localhost/shop; - is standard input");
        string? table = parsed.GetValue(Extract);
        if (parsed.GetValue(List) || table is not null)
        {
            if (urls.Length > 0 || (parsed.GetValue(List) && table is not null))
                throw new UsageException("--list, --extract and loading exclude each other");
            if (OfLoading.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } idle)
                throw new UsageException($"{idle.Name} goes with loading, not with {(table is null ? "--list" : "--extract")}");
            using DumpInput input = DumpInput.Open(dumps);
            return table is null ? DumpListing.Write(input, parsed.GetValue(CommonOptions.Json), session) : TableExtraction.Write(input, table, session);
        }
        if (parsed.GetValue(CommonOptions.Json))
            throw new UsageException("--json goes with --list", "--progress json shows how far a load is");
        string url = urls.Length == 1 ? urls[0] : parsed.GetValue(DefaultsFile) is not null || parsed.GetValue(DefaultsExtraFile) is not null ? "mysql://"
            : throw new UsageException("no server is named", "jumpbag load dump.sql.gz mysql://root@localhost/shop; mysql:///shop goes where ~/.my.cnf says, postgresql:///shop where PGHOST and ~/.pgpass say");
        ServerAddress address = ServerAddress.Parse(url, new()
        {
            DefaultsFile = parsed.GetValue(DefaultsFile),
            DefaultsExtraFile = parsed.GetValue(DefaultsExtraFile),
            PasswordFile = parsed.GetValue(PasswordFile),
            Prompt = prompt => TerminalPrompt.AskHidden(prompt),
        });
        foreach (string warning in address.Warnings)
            session.Events(new Core.Events.Warning(warning));
        var options = new LoadOptions
        {
            Tables = Split(parsed, Tables),
            Exclude = Split(parsed, Exclude),
            Databases = Split(parsed, Databases),
            Rename = [.. Split(parsed, Rename).Select(Pair)],
            SchemaOnly = parsed.GetValue(SchemaOnly),
            DataOnly = parsed.GetValue(DataOnly),
            OnError = parsed.GetValue(OnErrorOption) == "skip" ? OnError.Skip : OnError.Stop,
            Resume = parsed.GetValue(Resume),
            Replace = parsed.GetValue(Replace),
            DeferIndexes = !parsed.GetValue(KeepIndexes),
            DropDefiners = parsed.GetValue(Definer) == "drop",
            NoBinlog = parsed.GetValue(NoBinlog),
            MaxReplicaLag = parsed.GetValue(MaxReplicaLag) is { } lag ? TimeSpan.FromSeconds(Number("--max-replica-lag", lag)) : null,
            Database = address.Database is { } database ? ByteString.FromArgument(database) : null,
            Jobs = parsed.GetValue(Jobs) is { } jobs ? Math.Min(Number("--jobs", jobs), LoadClaims.Most - 1) : Environment.ProcessorCount,
        };
        if (options is { SchemaOnly: true, DataOnly: true })
            throw new UsageException("--schema-only and --data-only leave nothing");
        return new LoadRun(dumps, address, options, parsed.GetValue(SpoolFolder), session).Run(parsed.GetValue(CommonOptions.DryRun));
    }

    private static bool IsUrl(string word) =>
        word.StartsWith("mysql://", StringComparison.Ordinal) || word.StartsWith("mariadb://", StringComparison.Ordinal)
        || word.StartsWith("postgresql://", StringComparison.Ordinal) || word.StartsWith("postgres://", StringComparison.Ordinal);

    private static Option<string[]> Names(string name, string help, string description) =>
        new(name) { HelpName = help, Description = description, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };

    /// <summary>An option that is given and names nothing (--tables "$UNSET") must not mean all.</summary>
    private static string[] Split(ParseResult parsed, Option<string[]> option)
    {
        if (parsed.GetValue(option) is not { Length: > 0 } values)
            return [];
        string[] names = [.. values.SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        return names.Length > 0 ? names : throw new UsageException($"{option.Name}: no name is given");
    }

    private static (string, string) Pair(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && equals < text.Length - 1 ? (text[..equals], text[(equals + 1)..])
            : throw new UsageException($"--rename {text}: not OLD=NEW", "such as --rename shop=scratch or --rename shop.orders=orders_restored");
    }

    private static int Number(string option, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number
            : throw new UsageException($"{option} {text}: not a number above 0");
}
