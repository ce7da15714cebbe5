using Jumpbag.Core;
using Jumpbag.Host.Fuse;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>A file that was asked for lately.</summary>
/// <param name="Number">What the kernel calls it.</param>
/// <param name="Inode">What a person sees as its number.</param>
/// <param name="Folder">Where it was found, to tell its path; 0 where that is not known any more.</param>
/// <param name="Problem">What is wrong with its inode although it could be made out.</param>
internal sealed record KnownNode(ulong Number, ulong Inode, TreeNode File, ulong Folder, Damage? Problem)
{
    public FileType Type => File.Node.Type;

    public FuseEntry Entry => new() { Node = Number, Attributes = Attributes };

    public FuseAttributes Attributes
    {
        get
        {
            Node node = File.Node;
            return new()
            {
                Inode = Inode,
                Mode = (ModeType(node.Type) << 12) | (uint)node.Permissions,
                Size = (ulong)node.Size,
                Blocks = (ulong)node.Allocated / 512,
                Links = (uint)Math.Min(node.Links, uint.MaxValue),
                Uid = node.Uid,
                Gid = node.Gid,
                Accessed = (ulong)node.Accessed.Seconds,
                AccessedNanoseconds = (uint)node.Accessed.Nanoseconds,
                Modified = (ulong)node.Modified.Seconds,
                ModifiedNanoseconds = (uint)node.Modified.Nanoseconds,
                Changed = (ulong)node.Changed.Seconds,
                ChangedNanoseconds = (uint)node.Changed.Nanoseconds,
                Device = node.Type is FileType.CharacterDevice or FileType.BlockDevice ? FuseAttributes.DeviceNumber(node.DeviceMajor, node.DeviceMinor) : 0,
                BlockSize = 4096,
            };
        }
    }

    /// <summary>S_IFMT, shifted down by 12.</summary>
    public static uint ModeType(FileType type) => type switch
    {
        FileType.Regular => 8,
        FileType.Directory => 4,
        FileType.SymbolicLink => 10,
        FileType.CharacterDevice => 2,
        FileType.BlockDevice => 6,
        FileType.Fifo => 1,
        FileType.Socket => 12,
        _ => 0,
    };
}
