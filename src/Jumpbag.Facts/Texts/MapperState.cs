using System.Globalization;

namespace Jumpbag.Facts.Texts;

/// <summary>What the status of a target of device-mapper means.</summary>
/// <remarks>The kernel's Documentation/admin-guide/device-mapper: thin-provisioning, snapshot, dm-raid, cache; multipath in drivers/md/dm-mpath.c.</remarks>
/// <param name="Value">Null where there is nothing to say.</param>
public sealed record MapperState(FactLevel Level, string? Value, string? Next)
{
    private const double Nearly = 0.80, Almost = 0.95;

    private static readonly MapperState Nothing = new(FactLevel.Info, null, null);

    /// <param name="volume">For the commands that are proposed: "vg/pool".</param>
    public static MapperState Of(string type, string status, string volume)
    {
        string[] words = status.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return type switch
        {
            "thin-pool" => ThinPool(words, volume),
            "snapshot" or "snapshot-merge" => Snapshot(words, volume),
            "thin" when words is ["Fail" or "Error", ..] => new(FactLevel.Critical, "the thin volume has failed", $"its pool: lvs -a {volume}"),
            "raid" => Raid(words, volume),
            "cache" or "writecache" or "era" when words is ["Fail" or "Error", ..] || Array.IndexOf(words, "needs_check") >= 0 => new(FactLevel.Critical, $"the {type} has failed or needs to be checked", $"lvs -a {volume}"),
            "multipath" => Multipath(words),
            "error" => new(FactLevel.Critical, "every read and write of it fails: a part of it is missing", $"which disk is gone: pvs; lvs -a -o +devices {volume}"),
            _ => Nothing,
        };
    }

    /// <summary>transaction, used/total metadata blocks, used/total data blocks, held root, mode, …</summary>
    private static MapperState ThinPool(string[] words, string volume)
    {
        if (words is ["Fail" or "Error", ..])
            return new(FactLevel.Critical, "the thin pool has failed: its volumes cannot be read or written", $"dmesg -T | grep thin; lvconvert --repair {volume}, on a copy first");
        if (words.Length < 5 || Share(words[1]) is not { } metadata || Share(words[2]) is not { } data)
            return Nothing;
        string fill = string.Create(CultureInfo.InvariantCulture, $"data {100 * data:0.#}%, metadata {100 * metadata:0.#}% full");
        string? trouble = words[4] switch
        {
            "out_of_data_space" => "it is out of data space, writes wait or fail",
            "ro" => "it has become read-only (metadata full or damaged)",
            _ => Array.IndexOf(words, "needs_check") >= 0 ? "it needs to be checked" : null,
        };
        if (trouble is not null)
            return new(FactLevel.Critical, $"thin pool: {trouble}; {fill}", words[4] == "out_of_data_space" ? $"lvextend -L +10G {volume}" : $"lvs -a {volume}; lvconvert --repair {volume}, on a copy first");
        return metadata >= Almost || data >= Almost ? new(FactLevel.Critical, $"thin pool {fill}", metadata >= data ? $"lvextend --poolmetadatasize +256M {volume}" : $"lvextend -L +10G {volume}, or remove snapshots")
            : metadata >= Nearly || data >= Nearly ? new(FactLevel.Warning, $"thin pool {fill}", metadata >= data ? $"lvextend --poolmetadatasize +256M {volume}" : $"lvextend -L +10G {volume}, or remove snapshots")
            : new(FactLevel.Info, $"thin pool {fill}", null);
    }

    private static MapperState Snapshot(string[] words, string volume)
    {
        if (words is ["Invalid" or "Overflow", ..] or ["Merge", "failed", ..])
            return new(FactLevel.Critical, words[0] == "Merge" ? "its merge has failed" : "the snapshot has overflowed and is lost; its origin is well", $"lvremove {volume}, and make a larger one");
        if (words.Length == 0 || Share(words[0]) is not { } share)
            return Nothing;
        string value = string.Create(CultureInfo.InvariantCulture, $"snapshot {100 * share:0.#}% full");
        return new(share >= Almost ? FactLevel.Critical : share >= Nearly ? FactLevel.Warning : FactLevel.Info, value, share >= Nearly ? $"lvextend -L +5G {volume}, or it is lost at 100%" : null);
    }

    /// <summary>type, number of devices, a letter for each (A in sync, a not, D failed), done/total, action, mismatches.</summary>
    private static MapperState Raid(string[] words, string volume)
    {
        if (words.Length < 4)
            return Nothing;
        int failed = words[2].Count(c => c == 'D');
        string action = words.Length > 4 ? words[4] : "idle";
        string progress = Share(words[3]) is { } share and < 1 ? string.Create(CultureInfo.InvariantCulture, $", {(action == "idle" ? "in sync" : action)} {100 * share:0}%") : "";
        string value = $"{words[0]} of {words[1]} parts, {words[2]}{progress}";
        return failed > 0 ? new(words[0].StartsWith("raid6", StringComparison.Ordinal) && failed < 2 ? FactLevel.Warning : FactLevel.Critical, $"{value}: {failed} failed", $"lvs -a -o +devices {volume}; lvconvert --repair {volume}")
            : new(words[2].Contains('a', StringComparison.Ordinal) && action is "idle" or "frozen" ? FactLevel.Warning : FactLevel.Info, value, null);
    }

    /// <summary>Of each path the device's number, A (active) or F (failed), and a count.</summary>
    private static MapperState Multipath(string[] words)
    {
        int active = 0, failed = 0;
        for (int i = 1; i < words.Length; i++)
            if (words[i - 1].Contains(':', StringComparison.Ordinal))
                _ = words[i] switch { "A" => active++, "F" => failed++, _ => 0 };
        return failed == 0 ? new(FactLevel.Info, $"{active} paths, all active", null)
            : new(active == 0 ? FactLevel.Critical : FactLevel.Warning, $"{failed} of {active + failed} paths failed", "multipath -ll; cables, switch, controller");
    }

    private static double? Share(string fraction) =>
        fraction.Split('/') is [var part, var whole] && long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long used)
        && long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out long total) && total > 0 ? (double)used / total : null;
}
