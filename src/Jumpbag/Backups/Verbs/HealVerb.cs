using System.CommandLine;
using System.Text.Json;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup heal [COPY …]</summary>
internal static class HealVerb
{
    private static readonly Argument<string[]> Names = new("copy") { Arity = ArgumentArity.ZeroOrMore, Description = "only these copies, each from the others" };

    public static Command Make() => TierOptions.Make("heal", Run, Names, CommonOptions.DryRun);

    private static int Run(BackupDesk desk)
    {
        int worst = ExitStatus.Done;
        var results = new List<(BackupCopy Copy, HealResult Result)>();
        foreach (BackupCopy copy in desk.Repositories(desk.Parsed.GetValue(Names)!))
            if (!desk.Try(copy.Name, () => worst = Math.Max(worst, Heal(desk, copy, results))))
                worst = Math.Max(worst, ExitStatus.Failed);
        if (desk.Json)
            desk.Out.WriteJson(json => WriteJson(json, results));
        return worst == ExitStatus.Done ? desk.Session.Status : worst;
    }

    /// <returns>The exit status.</returns>
    private static int Heal(BackupDesk desk, BackupCopy copy, List<(BackupCopy, HealResult)> results)
    {
        BackupRepository repository = desk.Copies.Open(copy);
        CancellationToken stop = desk.Session.CatchSignals();
        CheckResult found = new RepositoryCheck(repository, desk.Events, stop).Run(1);
        if (found.IsHealthy)
        {
            desk.Events(new Status(copy.Name, $"{found.Packs} packs were read: nothing is to be healed"));
            return ExitStatus.Done;
        }
        if (desk.Parsed.GetValue(CommonOptions.DryRun))
        {
            foreach (string problem in found.Problems)
                desk.Out.WriteLine($"{copy.Name}: {problem}");
            return ExitStatus.Failed;
        }
        IReadOnlyList<StorageId> unknown = found.BadSnapshots.Count == 0 ? [] : SnapshotRecovery.Run(repository, found.BadSnapshots, Others(desk, copy), desk.Events, stop);
        foreach (StorageId snapshot in unknown)
            desk.Events(new SourceFailed($"{copy.Name}: snapshot {snapshot.Short}", "cannot be read, and which one it was cannot be told from the others", $"jumpbag backup copy --all --to {copy.Name} brings what the others have; then remove {snapshot.Short} with: restic forget"));
        var others = new CopyChain(desk.Config.Repositories.Where(one => one != copy).Select(one => (one, (Func<BackupRepository>)(() => desk.Copies.Open(one)))), desk.Events);
        HealResult result = new HealRun(repository, others, desk.Events, stop).Run(found);
        results.Add((copy, result));
        foreach (string lost in result.Lost)
            desk.Events(new FileFailed(lost, "no copy has all of its blobs any more"));
        int snapshots = found.BadSnapshots.Count - unknown.Count;
        desk.Events(new Status(copy.Name, $"{(snapshots > 0 ? $"snapshots brought back: {snapshots}; " : "")}{result.PacksReplaced} packs replaced, {result.BlobsRecovered} blobs ({ByteSize.Format(result.BytesRecovered)}) recovered{(result.BlobsLost > 0 ? $", {result.BlobsLost} lost for good" : "")}"));
        return result.BlobsLost > 0 || result.Lost.Count > 0 || unknown.Count > 0 ? ExitStatus.Partial : ExitStatus.Done;
    }

    /// <summary>Those that can be opened.</summary>
    private static List<BackupRepository> Others(BackupDesk desk, BackupCopy copy)
    {
        var others = new List<BackupRepository>();
        foreach (BackupCopy other in desk.Config.Repositories.Where(one => one != copy))
            desk.Try(other.Name, () => others.Add(desk.Copies.Open(other)));
        return others;
    }

    private static void WriteJson(Utf8JsonWriter json, List<(BackupCopy Copy, HealResult Result)> results)
    {
        json.WriteStartArray();
        foreach ((BackupCopy copy, HealResult result) in results)
        {
            json.WriteStartObject();
            json.WriteString("copy", copy.Name);
            json.WriteNumber("packsReplaced", result.PacksReplaced);
            json.WriteNumber("blobsRecovered", result.BlobsRecovered);
            json.WriteNumber("bytesRecovered", result.BytesRecovered);
            json.WriteNumber("blobsLost", result.BlobsLost);
            json.WriteStartArray("lost");
            foreach (string lost in result.Lost)
                json.WriteStringValue(lost);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
