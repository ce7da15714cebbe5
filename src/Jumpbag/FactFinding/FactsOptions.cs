using System.CommandLine;
using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Facts;
using Jumpbag.Terminal;

namespace Jumpbag.FactFinding;

/// <summary>What was asked of "jumpbag facts".</summary>
internal sealed class FactsOptions(ParseResult parsed)
{
    public static readonly Option<bool> All = new("--all", "-a") { Description = "all facts, not only what is abnormal" };
    public static readonly Option<string> Only = new("--only") { HelpName = "PROBE,…", Description = $"only these: {string.Join(", ", Probe.All.Select(probe => probe.Name))}" };
    public static readonly Option<string> Bundle = new("--bundle") { HelpName = "FILE", Description = "write all facts and what they were read from into a .tar.gz or .json file, secrets masked" };
    public static readonly Option<bool> Record = new("--record") { Description = "write what is abnormal into the open incident's journal, as facts" };
    public static readonly Option<bool> Check = new("--check") { Description = "only say which helper programs are missing, and their packages" };
    public static readonly Option<string> Hosts = new("--hosts") { HelpName = "A,B,…", Description = "ask these machines over ssh, at once" };
    public static readonly Option<string> Source = new("--source") { HelpName = "LOCATOR", Description = "read the same evidence from a dead machine's disk or image" };
    public static readonly Option<string[]> Server = new("--server") { HelpName = "URL", Description = "a database server to ask too: mysql://USER@HOST, postgresql://USER@HOST (repeatable)", Arity = ArgumentArity.OneOrMore };
    public static readonly Option<string> MostTime = new("--budget") { HelpName = "SEC", Description = "for all probes together (45; at most 55)" };

    private readonly HashSet<string>? only = parsed.GetValue(Only) is { } names ? [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Known)] : null;

    public ParseResult Parsed => parsed;

    public bool Json => parsed.GetValue(CommonOptions.Json);

    public bool ShowsAll => parsed.GetValue(All);

    public string? BundleFile => parsed.GetValue(Bundle);

    public bool WithEvidence => BundleFile is not null;

    public bool Records => parsed.GetValue(Record);

    public IReadOnlyList<string> Servers => parsed.GetValue(Server) ?? [];

    /// <summary>Only on a terminal, and where nobody wants JSON there.</summary>
    public bool ShowsProgress { get; } = !parsed.GetValue(CommonOptions.Quiet) && Screen.IsTerminal(2);

    public TimeSpan Budget { get; } = parsed.GetValue(MostTime) is not { } text ? TimeSpan.FromSeconds(45)
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 1 and <= 55 ? TimeSpan.FromSeconds(seconds)
        : throw new UsageException($"--budget {text}: is no number of seconds from 1 to 55");

    /// <summary>As they can be handed on; null for all.</summary>
    public string? OnlyNames => only is null ? null : string.Join(',', only);

    public bool Wants(string probe) => only is null || only.Contains(probe);

    private static string Known(string name) => Probe.All.Any(probe => probe.Name == name) ? name
        : throw new UsageException($"--only {name}: there is no such probe", $"there are {string.Join(", ", Probe.All.Select(probe => probe.Name))}");
}
