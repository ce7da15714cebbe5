using System.Text;
using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Host;

namespace Jumpbag.Facts;

/// <summary>What one probe has at hand: the machine's files, the clock, and where what it sees goes, at once and one by one.</summary>
/// <param name="probe">The name under which it reports.</param>
/// <param name="now">The time that "the last day" ends with.</param>
/// <param name="emit">Takes each line as it comes.</param>
/// <param name="wantsEvidence">Whether what was read is to be handed on too, for a bundle.</param>
public sealed class ProbeContext(string probe, IFiles files, DateTimeOffset now, Action<FactLine> emit, bool wantsEvidence = false)
{
    private const int LongestText = 400, LongestEvidence = 64 << 10;

    public string Probe => probe;

    public IFiles Files => files;

    public DateTimeOffset Now => now;

    /// <summary>A day before the end.</summary>
    public DateTimeOffset Yesterday => now.AddDays(-1);

    /// <summary>The worst that was told.</summary>
    public ProbeOutcome Outcome { get; private set; } = ProbeOutcome.Ok;

    public string? Reason { get; private set; }

    /// <summary>Of which place an answer is wanted, for probes that are about one: a mount point, a server's address.</summary>
    public IReadOnlyList<string> Wanted { get; init; } = [];

    public void Add(FactLevel level, string name, string subject, string value, string source, string? next = null, bool moves = false) =>
        emit(FactLine.Of(new Fact(probe, level, name, Clipped(subject), Clipped(value), Clipped(source), next) { Moves = moves }));

    public void Critical(string name, string subject, string value, string source, string? next) => Add(FactLevel.Critical, name, subject, value, source, next);

    public void Warning(string name, string subject, string value, string source, string? next) => Add(FactLevel.Warning, name, subject, value, source, next);

    public void Changed(string name, string subject, string value, string source, string? next = null) => Add(FactLevel.Changed, name, subject, value, source, next);

    public void Info(string name, string subject, string value, string source, bool moves = false) => Add(FactLevel.Info, name, subject, value, source, null, moves);

    /// <summary>What was read, as it stands there.</summary>
    public void Keep(string name, string text)
    {
        if (wantsEvidence && text.Length > 0)
            emit(FactLine.Of(new Evidence(probe, name, text.Length > LongestEvidence ? text[..LongestEvidence] : text, text.Length > LongestEvidence)));
    }

    /// <summary>What is touched next: where nothing comes after it, this is what is stuck.</summary>
    public void At(string what) => emit(new FactLine { Type = "at", Text = Clipped(what) });

    public void Missing(string reason) => Tell(ProbeOutcome.Missing, reason);

    public void Denied(string reason) => Tell(ProbeOutcome.Denied, reason);

    public void Truncated(string reason) => Tell(ProbeOutcome.Truncated, reason);

    public void Failed(string reason) => Tell(ProbeOutcome.Failed, reason);

    /// <summary>A text file, kept as evidence; null where it is not there or may not be read, the latter of which is told.</summary>
    public string? Text(string path, int most = 1 << 20, bool fromEnd = false, bool keep = true)
    {
        try
        {
            if (files.Read(path, most, fromEnd) is not { } bytes)
                return null;
            string text = Encoding.UTF8.GetString(bytes);
            if (keep)
                Keep(path, text);
            return text;
        }
        catch (UnauthorizedAccessException)
        {
            Denied($"{path} cannot be read by this user");
            return null;
        }
    }

    /// <summary>A folder's entries; none where it may not be listed, which is told.</summary>
    public IReadOnlyList<FileEntry> List(string folder)
    {
        try
        {
            return files.List(folder);
        }
        catch (UnauthorizedAccessException)
        {
            Denied($"{folder} cannot be listed by this user");
            return [];
        }
    }

    /// <summary>Runs a helper program; null where it is missing, which is told.</summary>
    public ProgramRun? Run(string program, TimeSpan deadline, params string[] arguments)
    {
        if (Programs.TryFind(program) is not { } path)
        {
            Missing(Programs.PackagesOf(program) is var (debian, rpm) ? $"{program} is not installed (Debian: {debian}, RPM: {rpm})" : $"{program} is not installed");
            return null;
        }
        At($"{program} {string.Join(' ', arguments)}");
        ProgramRun run = ProgramRun.Of(path, program, arguments, deadline);
        Keep($"{program} {string.Join(' ', arguments)}", run.Output + run.Errors);
        return run;
    }

    /// <summary>The first is the one that is kept, unless a later one is worse.</summary>
    private void Tell(ProbeOutcome outcome, string reason)
    {
        if (Outcome != ProbeOutcome.Ok && Rank(outcome) <= Rank(Outcome))
            return;
        (Outcome, Reason) = (outcome, Clipped(reason));
    }

    private static int Rank(ProbeOutcome outcome) => outcome switch
    {
        ProbeOutcome.Failed => 5,
        ProbeOutcome.Timeout => 4,
        ProbeOutcome.Denied => 3,
        ProbeOutcome.Missing => 2,
        ProbeOutcome.Truncated => 1,
        _ => 0,
    };

    private static string Clipped(string text) => text.Length > LongestText ? text[..LongestText] + "…" : text;
}
