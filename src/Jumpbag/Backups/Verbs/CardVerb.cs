using System.CommandLine;
using System.Globalization;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup card: the page for the wall.</summary>
internal static class CardVerb
{
    private static readonly Option<bool> Offline = new("--offline") { Description = "ask no copy: print what the configuration says alone" };

    public static Command Make() => TierOptions.Make("card", Run, Offline);

    private static int Run(BackupDesk desk)
    {
        IReadOnlyList<CopyState> states = desk.Parsed.GetValue(Offline) ? [] : desk.Copies.Survey(desk.Config.Sources, BackupDesk.StateFolder, sizes: true, desk.Session.CatchSignals());
        foreach (string line in Lines(desk.Config, states, desk.Now))
            desk.Out.WriteLine(line);
        return desk.Session.Status;
    }

    private static IEnumerable<string> Lines(TiersConfig config, IReadOnlyList<CopyState> states, DateTimeOffset now)
    {
        yield return "BRINGING IT BACK";
        yield return string.Create(CultureInfo.InvariantCulture, $"printed {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC on {Environment.MachineName}, from {config.File}");
        yield return "";
        yield return "First: stop what still writes or deletes. Restore beside, never over. Compare before you switch.";
        foreach (BackupSource source in config.Sources)
        {
            yield return "";
            yield return $"{source.Name}  ({string.Join(' ', source.Content)})";
            yield return $"  all of it    jumpbag restore {source.Name} ./{source.Name}";
            yield return $"  a part       jumpbag restore {source.Name}:/PATH ./HERE      an older one: {source.Name}@SNAPSHOT (jumpbag backup list {source.Name})";
            foreach (CopyState state in states.Where(state => state.Source.Name == source.Name && state.HasSnapshot).OrderBy(state => state.Restore?.Time ?? TimeSpan.MaxValue))
                yield return $"  from {state.Copy.Name,-12} {(state.Bytes is { } bytes ? ByteSize.Format(bytes) : "?"),8}  {(state.Restore is { } estimate ? $"about {Durations.Format(estimate.Time)}{(estimate.MeasuredAt is { } at ? string.Create(CultureInfo.InvariantCulture, $" (measured {at.UtcDateTime:yyyy-MM-dd})") : " (a guess: never measured)")}" : "")}";
        }
        yield return "";
        yield return "WHERE THE COPIES ARE";
        foreach (BackupCopy copy in config.Repositories.OrderBy(copy => copy.Tier))
        {
            yield return "";
            string place = StoreAddress.Parse(copy.Url!).Place;
            yield return $"{copy.Name}  ({copy.Tier.ToString().ToLowerInvariant()}{Part(copy.Provider, "with ")}{Part(copy.Medium, "on ")}{Part(copy.Location, "in ")})";
            yield return $"  place        {place}";
            yield return $"  opened by    {(copy.Password is { File: { } file } ? $"the key in {file}" : copy.Password is { Command: { } command } ? $"what this prints: {command}" : $"the variable {copy.Password?.Variable}")}; without it nobody reads the copy: a second key must be kept elsewhere";
            yield return $"  without this machine and its configuration, with this one program or with restic:";
            yield return $"               jumpbag restore --repo {place} --password-file KEY latest ./HERE";
            yield return $"               restic -r {place} --password-file KEY restore latest --target ./HERE";
        }
        foreach (BackupCopy copy in config.Copies.Where(copy => copy.Tier == Tier.Live))
        {
            yield return "";
            yield return $"{copy.Name}  (live{Part(copy.Provider, "with ")}{Part(copy.Location, "in ")}): takes over when the original is gone; it does not help against DROP TABLE, which it repeats";
        }
    }

    private static string Part(string? text, string before) => text is null ? "" : $", {before}{text}";
}
