using Jumpbag.Core;
using Jumpbag.Storage.Md.Format;
using Jumpbag.Storage.Raid;

namespace Jumpbag.Storage.Md;

/// <summary>A Linux MD array, put together from those of its members that are there.</summary>
public sealed class MdArray
{
    private readonly MdSuperblock superblock;
    private readonly IReadOnlyList<MdMember>[] places;
    private readonly List<string> warnings = [];
    private readonly Lazy<BlockDevice> device;

    /// <param name="members">All that name the array, believed or not.</param>
    /// <param name="freshest">The one whose superblock counts.</param>
    internal MdArray(IReadOnlyList<MdMember> members, MdMember freshest)
    {
        Members = members;
        superblock = freshest.Superblock;
        places = [.. Enumerable.Range(0, superblock.Places).Select(_ => Array.Empty<MdMember>())];
        foreach (IGrouping<int, MdMember> place in members.Where(member => member.Place is not null).GroupBy(member => member.Place!.Value))
            places[place.Key] = [.. place.OrderBy(member => member.Superblock.IsReplacement)];
        device = new(Open);
        int colon = superblock.Name.IndexOf(':', StringComparison.Ordinal);
        string given = superblock.Name[(colon + 1)..];
        Name = given.Length > 0 ? given : superblock.PreferredMinor?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? ShortUuid;
    }

    /// <summary>Without its host's name; of an array that has none, the number of its /dev/md, or the start of its UUID.</summary>
    public string Name { get; }

    /// <summary>As the superblock has it: "host:data".</summary>
    public string FullName => superblock.Name;

    public string Uuid => superblock.Uuid;

    /// <summary>Enough of the UUID to tell arrays of one name apart.</summary>
    public string ShortUuid => Uuid.Replace("-", "", StringComparison.Ordinal)[..Math.Min(8, Uuid.Length)];

    /// <summary>Of the superblock: "0.90", "1.2".</summary>
    public string Version => superblock.Version;

    /// <summary>"raid5", "linear".</summary>
    public string Level => superblock.Level switch
    {
        -1 => "linear",
        -4 => "multipath",
        -5 => "faulty",
        var level => $"raid{level}",
    };

    /// <summary>MD's number of the layout.</summary>
    public int Layout => superblock.Layout;

    /// <summary>In bytes; 0 where the level has none.</summary>
    public long ChunkSize => superblock.ChunkSize;

    /// <summary>How many members it is made for.</summary>
    public int PlaceCount => places.Length;

    /// <summary>How many places have a member that is wholly believed.</summary>
    public int ActiveCount => places.Count(place => place.Any(member => member.State == MdMemberState.Active));

    public IReadOnlyList<MdMember> Members { get; }

    /// <summary>"clean", "degraded" (some members are missing, all can be read), or "failed" (some of it cannot be read).</summary>
    public string State => ActiveCount == PlaceCount ? "clean" : IsRefused || device.Value.IsWhole ? "degraded" : "failed";

    /// <summary>One line on the array's state where it is not clean, then what else had to be worked around.</summary>
    public IReadOnlyList<string> Warnings => [.. Degradation(), .. warnings];

    /// <summary>In bytes; 0 where it is refused.</summary>
    public long Size => IsRefused ? 0 : device.Value.Length;

    /// <summary>The content.</summary>
    /// <exception cref="UnsupportedException">Its level, or the state it was left in, is not supported; it is named.</exception>
    /// <exception cref="CorruptException">The superblock makes no sense.</exception>
    public BlockDevice Device => device.Value;

    private bool IsRefused
    {
        get
        {
            try
            {
                _ = device.Value;
                return false;
            }
            catch (JumpbagException)
            {
                return true; // Whoever asks for the bytes is told why.
            }
        }
    }

    internal void Warn(string warning) => warnings.Add(warning);

    private IEnumerable<string> Degradation()
    {
        if (IsRefused || State == "clean")
            yield break;
        string[] lacking = [.. Enumerable.Range(0, places.Length).Where(i => !places[i].Any(member => member.State == MdMemberState.Active)).Select(Lacking)];
        yield return $"{State}: {Level} with {ActiveCount} of {PlaceCount} members: {string.Join("; ", lacking)}"
            + (State == "failed" ? ": what lies there alone cannot be read" : "");
    }

    private string Lacking(int place) =>
        places[place].FirstOrDefault(member => member.State == MdMemberState.Rebuilding) is { } rebuilding ? $"member {place}, {rebuilding.Locator}, {rebuilding.Reason}"
        : $"member {place} is missing";

    private BlockDevice Open()
    {
        string what = $"array {Name} ({Level}, {Uuid})";
        const string ByHand = "'jumpbag inspect --commands' prints the mdadm lines that assemble it by hand";
        if (superblock.IsReshaping)
            throw new UnsupportedException($"{what} was being reshaped: part of it lies in the old way and part in the new, which is not supported", ByHand);
        if (superblock.HasJournal)
            throw new UnsupportedException($"{what} has a write journal, which may hold newer data than its members and is not supported", ByHand);
        if (superblock.UnknownFeatures != 0)
            throw new UnsupportedException($"{what} has features that are not known here (0x{superblock.UnknownFeatures:x})", ByHand);
        if (superblock.Level is not (-1 or 0 or 1 or 4 or 5 or 6 or 10))
            throw new UnsupportedException($"{what}: arrays of this level are not supported", ByHand);
        if (superblock.Level is not (-1 or 1) && (superblock.ChunkSize < 512 || superblock.ChunkSize % 512 != 0))
            throw new CorruptException($"{what}: its chunks have {superblock.ChunkSize} bytes");
        return superblock.Level switch
        {
            -1 => OpenLinear(),
            0 => OpenStriped(what),
            1 => new Mirrored(Enumerable.Range(0, PlaceCount).OrderBy(i => !IsActive(i)).Select(i => OpenPlace(i, superblock.UsedLength)), superblock.UsedLength),
            10 => OpenRaid10(),
            _ => OpenParity(),
        };
    }

    private bool IsActive(int place) => places[place].Any(member => member.State == MdMemberState.Active);

    private BlockDevice OpenPlace(int place, long length)
    {
        BlockDevice[] devices = [.. places[place].Select(member => member.Open(length))];
        return devices.Length switch
        {
            0 => new UnreadableDevice(length, $"member {place} of array {Name} is missing"),
            1 => devices[0],
            _ => new Mirrored(devices, length),
        };
    }

    private ParityArray OpenParity()
    {
        ByteRanges unsynced = superblock.SyncedTo == long.MaxValue ? ByteRanges.None : Unsynced();
        ParityLayout layout = ParityLayout.Create(superblock.Level, superblock.Layout, PlaceCount);
        return new(layout, Enumerable.Range(0, PlaceCount).Select(i => OpenPlace(i, superblock.UsedLength)), superblock.ChunkSize, superblock.UsedLength,
            unsynced, "the array was not stopped cleanly, so that its parity need not fit there");
    }

    /// <summary>What was being written to when the array stopped, or was not yet synchronised at all. The bitmap tells it apart, where there is one.</summary>
    private ByteRanges Unsynced()
    {
        var ranges = new List<(long, long)>();
        foreach (MdMember member in places.SelectMany(place => place).Where(member => member.State == MdMemberState.Active))
        {
            if (member.Superblock.BitmapOffset is not { } offset || MdBitmap.Read(member.Device, offset, superblock.Events) is not { } bitmap)
                return new([(superblock.SyncedTo, long.MaxValue)]);
            ranges.AddRange(bitmap.All);
        }
        return new(ranges);
    }

    private Raid10Array OpenRaid10()
    {
        var layout = Raid10Layout.Create(superblock.Layout, PlaceCount, superblock.ChunkSize, superblock.UsedLength);
        return new(layout, Enumerable.Range(0, PlaceCount).Select(i => OpenPlace(i, superblock.UsedLength)), superblock.ChunkSize);
    }

    private BlockDevice OpenStriped(string what)
    {
        long[] lengths = Lengths();
        if (Array.Exists(lengths, length => length < 0))
            throw new CorruptException($"{what}: a member is missing, and the others are of different lengths: where its data lies cannot be told");
        bool? countsFromStart = !superblock.LayoutIsKnown ? null : superblock.Layout switch
        {
            1 => true,
            2 => false,
            _ => null,
        };
        return StripeZones.Open([.. lengths.Select((length, place) => OpenPlace(place, length))], superblock.ChunkSize, countsFromStart);
    }

    /// <summary>Where the length of a missing member cannot be told, nothing behind it has a place.</summary>
    private Concatenation OpenLinear() =>
        new(Lengths().TakeWhile(length => length >= 0).Select((length, place) => OpenPlace(place, Rounded(length))));

    private long Rounded(long length) => superblock.ChunkSize > 0 ? length / superblock.ChunkSize * superblock.ChunkSize : length;

    /// <summary>Of each place. A missing member is taken to be as long as all the others, if those are of one length; else it is -1.</summary>
    private long[] Lengths()
    {
        long[] known = [.. places.Where(place => place.Count > 0).Select(place => place[0].Superblock.DataLength).Distinct()];
        return [.. places.Select(place => place.Count > 0 ? place[0].Superblock.DataLength : known.Length == 1 ? known[0] : -1)];
    }
}
