namespace Jumpbag.FileSystems.Mounting;

/// <summary>Files that were asked for lately, so that reading one after listing its folder does not decode its inode again.</summary>
internal sealed class KnownNodes
{
    private const int Slots = 1 << 14;

    private readonly KnownNode?[] slots = new KnownNode?[Slots];

    public KnownNode? Find(ulong number) => Volatile.Read(ref Slot(number)) is { } known && known.Number == number ? known : null;

    public void Add(KnownNode node) => Volatile.Write(ref Slot(node.Number), node);

    /// <summary>Inodes lie side by side, and so do their slots; filesystems are set off from each other.</summary>
    private ref KnownNode? Slot(ulong number) => ref slots[(number + (number >> 48) * 4099) & (Slots - 1)];
}
