using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Host.Lvm;

/// <summary>A snapshot that is to be made: of what, how large, under which name; checked against what the group has.</summary>
/// <param name="Size">Of its store, in bytes and whole extents; null of a thin snapshot, which takes its room from the pool.</param>
/// <param name="Explanation">The numbers, in one line.</param>
public sealed record SnapshotPlan(LiveVolume Origin, string Name, long? Size, string Explanation)
{
    /// <summary>Of the origin, where nobody says how much: as LVM's manual counsels for a day of changes, and then some.</summary>
    private const int DefaultPercent = 20;

    /// <summary>As much of the origin's name as leaves room for the rest in device-mapper's 127 letters.</summary>
    private const int LongestPart = 40;

    public string FullName => $"{Origin.Group}/{Name}";

    public IReadOnlyList<string> CreateArguments(SnapshotTag owner) =>
    [
        "--yes", "--snapshot", "--name", Name,
        .. Size is { } size ? ["--size", size.ToString(CultureInfo.InvariantCulture) + "b"] : (string[])["--ignoreactivationskip"],
        "--addtag", SnapshotTag.Ours, "--addtag", owner.Owner, Origin.FullName,
    ];

    /// <summary>Looks the origin up, and its pool.</summary>
    /// <param name="wanted">The store's size in bytes; null for a share of the origin.</param>
    /// <exception cref="JumpbagException">There is no such volume, none can be taken of it, or there is no room.</exception>
    public static SnapshotPlan Make(string name, long? wanted)
    {
        LiveVolume origin = LvmTool.Find(name) ?? throw new NotFoundException($"{name}: LVM knows no such volume", "'lvs' lists what there is; a volume is named VG/LV");
        return Make(origin, wanted, origin.IsThin ? LvmTool.Find($"{origin.Group}/{origin.Pool}") : null, DateTime.Now);
    }

    public static SnapshotPlan Make(LiveVolume origin, long? wanted, LiveVolume? pool, DateTime now)
    {
        if (origin.Layout.Contains("pool") || origin.Role.Contains("private"))
            throw new UnsupportedException($"{origin.FullName} is no volume of files but a part of LVM's own ({string.Join(", ", origin.Layout)})", "name the volume that stands on it");
        if (origin.Role.Contains("thicksnapshot"))
            throw new UnsupportedException($"{origin.FullName} is a snapshot itself, of {origin.Origin}: LVM takes none of such",
                $"'jumpbag ls /dev/{origin.FullName}:/' reads it as it is; or take a snapshot of {origin.Group}/{origin.Origin}");
        string part = origin.Name.Length > LongestPart ? origin.Name[..LongestPart] : origin.Name;
        string name = string.Create(CultureInfo.InvariantCulture, $"jumpbag_{part}_{now:MMddHHmmss}_{Environment.ProcessId}");
        return origin.IsThin ? new(origin, name, null, Thin(origin, pool)) : Thick(origin, name, wanted);
    }

    private static SnapshotPlan Thick(LiveVolume origin, string name, long? wanted)
    {
        long extent = origin.ExtentSize, free = origin.FreeExtents;
        long extents = Extents(wanted ?? (long)((Int128)origin.Size * DefaultPercent / 100));
        string has = $"{origin.Group} has {ByteSize.Format(free * extent)} ({Count(free)} of {ByteSize.Format(extent)}) free";
        if (wanted is null && free > 0)
            extents = Math.Min(extents, free);
        if (extents > free)
            throw new FailedException($"{has}, and a snapshot of {ByteSize.Format(extents * extent)} takes {Count(extents)}",
                free > 0 ? $"--size {Exact(free * extent)} takes all there is" : $"'lvs {origin.Group}' shows what takes the room; 'vgextend {origin.Group} DISK' adds a disk");
        string size = ByteSize.Format(extents * extent);
        string share = wanted is not null ? "" : extents < Extents((long)((Int128)origin.Size * DefaultPercent / 100))
            ? $" (all there is, and less than {DefaultPercent}% of the origin's {ByteSize.Format(origin.Size)})"
            : $" ({DefaultPercent}% of the origin's {ByteSize.Format(origin.Size)}; --size chooses)";
        return new(origin, name, extents * extent, $"{has}; the snapshot takes {size}{share}");

        long Extents(long bytes) => Math.Max(1, (bytes + extent - 1) / extent);
    }

    private static string Thin(LiveVolume origin, LiveVolume? pool)
    {
        if (pool is null)
            throw new FailedException($"{origin.FullName}: its pool {origin.Group}/{origin.Pool} cannot be found");
        if (pool.DataPercent >= 100 || pool.MetadataPercent >= 100)
            throw new FailedException($"the pool {pool.FullName} is full: {Fill(pool)}", $"'lvextend -L +1G {pool.FullName}' gives it more room");
        return $"the pool {pool.FullName} of {ByteSize.Format(pool.Size)} is full to {Fill(pool)}; a thin snapshot takes its room there";
    }

    private static string Fill(LiveVolume pool) =>
        string.Create(CultureInfo.InvariantCulture, $"{pool.DataPercent ?? 0:0.#}% of data, {pool.MetadataPercent ?? 0:0.#}% of metadata");

    private static string Count(long extents) => extents == 1 ? "1 extent" : string.Create(CultureInfo.InvariantCulture, $"{extents} extents");

    /// <summary>A size that may be typed again, without loss: "52M".</summary>
    private static string Exact(long bytes) => bytes % (1 << 20) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20}M") : string.Create(CultureInfo.InvariantCulture, $"{bytes}b");
}
