using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup verify [COPY …]</summary>
internal static class VerifyVerb
{
    private static readonly Argument<string[]> Names = new("copy") { Arity = ArgumentArity.ZeroOrMore, Description = "only these copies" };
    private static readonly Option<string> Data = new("--data") { HelpName = "SHARE", Arity = ArgumentArity.ZeroOrOne, Description = "read the data too: all, or a share such as 5%, chosen by chance" };
    private static readonly Option<bool> Canary = new("--canary") { Description = "try to delete and to overwrite an object that was written for that: whether whoever takes over this machine could delete the copy" };

    public static Command Make() => TierOptions.Make("verify", Run, Names, Data, Canary);

    private static int Run(BackupDesk desk)
    {
        double share = Share(desk.Parsed);
        bool isBad = false;
        var results = new List<(BackupCopy Copy, CheckResult? Result, CanaryResult? Canary, string? Failure)>();
        foreach (BackupCopy copy in desk.Repositories(desk.Parsed.GetValue(Names) ?? []))
        {
            try
            {
                CanaryResult? canary = desk.Parsed.GetValue(Canary) ? TestCanary(desk, copy) : null;
                CheckResult result = new RepositoryCheck(desk.Copies.Open(copy), desk.Events, desk.Session.CatchSignals()).Run(share);
                Keep(desk, copy, result);
                results.Add((copy, result, canary, null));
                isBad |= !result.IsHealthy;
                foreach (string problem in result.Problems)
                    desk.Events(new SourceFailed(copy.Name, problem, problem == result.Problems[^1] ? $"jumpbag backup heal {copy.Name}" : null));
                desk.Events(new Status(copy.Name, string.Create(CultureInfo.InvariantCulture,
                    $"{result.Snapshots} snapshots, {result.Packs} packs, {result.PacksRead} of them read ({ByteSize.Format(result.BytesRead)}) in {result.Elapsed.TotalSeconds:0.0} s: {(result.IsHealthy ? "no error" : $"{result.Problems.Count} errors")}")));
            }
            catch (JumpbagException e)
            {
                isBad = true;
                results.Add((copy, null, null, e.Message));
                desk.Events(new SourceFailed(copy.Name, e.Message, e.Hint));
            }
        }
        if (desk.Json)
            desk.Out.WriteJson(json => WriteJson(json, results));
        return isBad ? ExitStatus.Failed : desk.Session.Status;
    }

    private static double Share(ParseResult parsed)
    {
        if (parsed.GetResult(Data) is null)
            return 0;
        if (parsed.GetValue(Data) is not { Length: > 0 } text)
            return 1;
        return text.EndsWith('%') && double.TryParse(text.AsSpan(..^1), NumberStyles.Float, CultureInfo.InvariantCulture, out double percent) && percent is > 0 and <= 100 ? percent / 100
            : throw new UsageException($"--data {text}: is no share", "--data reads all, --data 5% a part");
    }

    /// <summary>Only when all was read and found whole the copy counts as verified.</summary>
    private static void Keep(BackupDesk desk, BackupCopy copy, CheckResult result)
    {
        Measurements measured = Measurements.Load(BackupDesk.StateFolder, copy.Name).With(result.BytesRead, result.Elapsed, null, DateTimeOffset.UtcNow);
        if (result is { IsHealthy: true, IsComplete: true })
            measured = measured with { Verified = DateTimeOffset.UtcNow };
        else if (!result.IsHealthy)
            measured = measured with { Verified = null };
        measured.Save(BackupDesk.StateFolder, copy.Name);
    }

    private static CanaryResult TestCanary(BackupDesk desk, BackupCopy copy)
    {
        CanaryResult result = CanaryTest.Run(desk.Copies.Open(copy), Measurements.Load(BackupDesk.StateFolder, copy.Name).Canary);
        (Measurements.Load(BackupDesk.StateFolder, copy.Name) with { CanaryTested = DateTimeOffset.UtcNow, CanaryStayed = result.Stayed, Canary = result.Stayed ? result.Name : null }).Save(BackupDesk.StateFolder, copy.Name);
        desk.Events(new Status(copy.Name, Printable.Line(result.Message)));
        return result;
    }

    private static void WriteJson(Utf8JsonWriter json, List<(BackupCopy Copy, CheckResult? Result, CanaryResult? Canary, string? Failure)> results)
    {
        json.WriteStartArray();
        foreach ((BackupCopy copy, CheckResult? result, CanaryResult? canary, string? failure) in results)
        {
            json.WriteStartObject();
            json.WriteString("copy", copy.Name);
            if (failure is not null)
                json.WriteString("failure", failure);
            if (canary is not null)
                json.WriteBoolean("withstoodDeletion", canary.Stayed);
            if (result is not null)
            {
                json.WriteBoolean("healthy", result.IsHealthy);
                json.WriteNumber("snapshots", result.Snapshots);
                json.WriteNumber("packs", result.Packs);
                json.WriteNumber("packsRead", result.PacksRead);
                json.WriteNumber("bytesRead", result.BytesRead);
                json.WriteStartArray("problems");
                foreach (string problem in result.Problems)
                    json.WriteStringValue(problem);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
