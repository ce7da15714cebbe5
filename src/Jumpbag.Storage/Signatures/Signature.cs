namespace Jumpbag.Storage.Signatures;

/// <summary>
/// What a device says that it holds, in blkid(8)'s vocabulary and spelling; formats that blkid does not know (disk image
/// containers, compressed files) have qemu-img's name or that of the compressor.
/// </summary>
/// <param name="Format">"ext4", "LVM2_member", "qcow2".</param>
/// <param name="Label">Printable: what is not is escaped.</param>
/// <param name="Uuid">Formatted as blkid formats it for this format.</param>
/// <param name="Size">Bytes that the format claims to cover, where it says so.</param>
/// <param name="Usage">blkid's USAGE: "filesystem", "raid", "crypto" or "other".</param>
/// <param name="Details">More of blkid's tags, such as VERSION and UUID_SUB.</param>
public sealed record Signature(
    string Format, string? Label, string? Uuid, long? Size, string Usage, IReadOnlyDictionary<string, string>? Details)
{
    /// <summary>Which of the probes recognised it: what comes before need not be asked again.</summary>
    private int rank;

    /// <summary>
    /// The first signature that is found, or null. Arrays and encryption come before filesystems: what lies within them
    /// may show through. Costs a read of 72 KiB and a few small ones; unreadable places hide only what stands there.
    /// </summary>
    public static Signature? Probe(BlockDevice device)
    {
        using var window = new ProbeWindow(device);
        return Probe(window);
    }

    internal static Signature? Probe(ProbeWindow window) => Recognised(window, 0).FirstOrDefault();

    /// <summary>
    /// All signatures in order of precedence. More than one that is not iso9660, udf or hfs (discs carry several on
    /// purpose) is an ambiguity: a remnant of an earlier use, most often.
    /// </summary>
    public static IReadOnlyList<Signature> ProbeAll(BlockDevice device)
    {
        using var window = new ProbeWindow(device);
        return [.. Recognised(window, 0)];
    }

    /// <summary>
    /// Those that contradict the first, which <see cref="Probe(BlockDevice)"/> found on the device. Not the content of an array or an encrypted device, which
    /// may show through, nor the several filesystems of a disc.
    /// </summary>
    public static IReadOnlyList<Signature> Contradicting(BlockDevice device, Signature first)
    {
        if (first.Usage is "raid" or "crypto")
            return [];
        using var window = new ProbeWindow(device);
        return [.. Recognised(window, first.rank + 1).Where(other => other.Format != first.Format && !(IsOfDisc(first) && IsOfDisc(other)))];
    }

    private static IEnumerable<Signature> Recognised(ProbeWindow window, int firstProbe)
    {
        for (int i = firstProbe; i < Probes.Table.Length; i++)
            if (Probes.Table[i].Run(window) is { } signature)
            {
                signature.rank = i;
                yield return signature;
            }
    }

    private static bool IsOfDisc(Signature signature) => signature.Format is "iso9660" or "udf" or "hfs" or "hfsplus";

    internal static Signature FileSystem(
        string format, string? label, string? uuid, long? size, params ReadOnlySpan<(string Tag, string? Value)> details) =>
        new(format, label, uuid, size, "filesystem", Collect(details));

    internal static Signature Raid(
        string format, string? label, string? uuid, long? size, params ReadOnlySpan<(string Tag, string? Value)> details) =>
        new(format, label, uuid, size, "raid", Collect(details));

    internal static Signature Crypto(
        string format, string? label, string? uuid, params ReadOnlySpan<(string Tag, string? Value)> details) =>
        new(format, label, uuid, null, "crypto", Collect(details));

    internal static Signature Other(
        string format, string? label = null, string? uuid = null, long? size = null,
        params ReadOnlySpan<(string Tag, string? Value)> details) =>
        new(format, label, uuid, size, "other", Collect(details));

    private static Dictionary<string, string>? Collect(ReadOnlySpan<(string Tag, string? Value)> details)
    {
        Dictionary<string, string>? collected = null;
        foreach ((string tag, string? value) in details)
            if (value is not null)
                (collected ??= [])[tag] = value;
        return collected;
    }
}
