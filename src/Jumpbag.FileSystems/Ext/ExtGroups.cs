using System.Collections.Concurrent;
using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// The group descriptors, looked at when they are needed. A descriptor whose checksum or pointers are wrong, or that cannot
/// be read, is taken from a copy of the table, and said so once per block of descriptors.
/// </summary>
internal sealed class ExtGroups(ExtSuperblock superblock, ExtMetadataCache cache)
{
    /// <summary>More warnings than this say nothing new.</summary>
    private const int MaxWarnings = 16;

    private readonly ConcurrentDictionary<uint, string> warnings = new();

    /// <summary>What was worked around so far.</summary>
    public IReadOnlyList<string> Warnings => [.. warnings.OrderBy(w => w.Key).Select(w => w.Value)];

    /// <exception cref="CorruptException">Neither the descriptor nor any copy of it can be used.</exception>
    public ExtGroupDescriptor this[uint group] => Find(group, out ExtGroupDescriptor descriptor) is not { } cause
        ? descriptor : throw new CorruptException($"group descriptor {group}: {cause}, and no copy of it can be used");

    /// <summary>False where neither the descriptor nor any copy of it can be used.</summary>
    public bool TryGet(uint group, out ExtGroupDescriptor descriptor) => Find(group, out descriptor) is null;

    /// <summary>Null where it is found, else what is wrong with the first one.</summary>
    private string? Find(uint group, out ExtGroupDescriptor descriptor)
    {
        descriptor = default;
        uint block = group / (uint)superblock.DescriptorsPerBlock;
        int within = (int)(group % (uint)superblock.DescriptorsPerBlock) * superblock.DescriptorSize;
        string? cause = null;
        foreach (ulong place in ExtLayout.DescriptorBlockPlaces(superblock, block))
        {
            if (place >= superblock.BlocksCount)
                continue;
            if (TryUse(place, within, group, out descriptor) is not { } bad)
            {
                if (cause != null)
                    Warn(block, $"group descriptor {group}: {cause}; the copy in block {place} is used");
                return null;
            }
            cause ??= bad;
        }
        Warn(block, $"group descriptor {group}: {cause}; no copy of it can be used");
        return cause ?? "it lies beyond the end of the filesystem";
    }

    /// <summary>Null where it can be used, else what is wrong.</summary>
    private string? TryUse(ulong place, int within, uint group, out ExtGroupDescriptor descriptor)
    {
        descriptor = default;
        try
        {
            ReadOnlySpan<byte> data = cache.Block(place).Span.Slice(within, superblock.DescriptorSize);
            descriptor = ExtGroupDescriptor.Parse(data);
            return !ExtGroupDescriptor.ChecksumMatches(data, group, superblock) ? "its checksum does not match"
                : !descriptor.IsPlausible(group, superblock) ? "it points outside of its bounds"
                : null;
        }
        catch (UnreadableException e)
        {
            return e.Reason;
        }
    }

    private void Warn(uint block, string warning)
    {
        if (warnings.Count < MaxWarnings)
            warnings.TryAdd(block, warning);
    }
}
