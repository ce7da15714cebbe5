using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Tests.Support;

/// <summary>Owners, modes, times, flags, links and attributes.</summary>
public sealed partial class RandomTree
{
    private void MakeOwnersAndModes()
    {
        ByteString folder = Folder(top, "owners");
        foreach (uint mode in new uint[] { 0, 0x1FF, 0xFFF, 0x9ED, 0x5ED, 0x3FF, 0x100, 0x1A4 })
            Posix.ChangeMode(WriteFile(folder, $"mode{Convert.ToString(mode, 8)}", (0, 1)), mode);
        if (!Privileged)
            return;
        foreach (uint id in new uint[] { 1, 1000, 65533, 65535, 65536, 100000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE })
            Posix.ChangeOwner(WriteFile(folder, $"id{id}", (0, 1)), id, id ^ 1);
    }

    private void MakeAttributes()
    {
        ByteString folder = Folder(top, "attributes");
        int[] sizes = [0, 1, 2, 3, 4, 5, 30, 50, 100, 200, 500, 1000, blockSize - 100, blockSize - 40, blockSize, blockSize + 1, 3000, 9000, 30000, 60000];
        foreach (int size in sizes.Where(size => !ForMke2fs || size <= 3000))
            SetAttribute(WriteFile(folder, $"value{size}", (0, 5)), "user.value", Bytes(size));
        ByteString many = WriteFile(folder, "many", (0, 20));
        for (int i = 0; i < 40; i++)
            SetAttribute(many, $"user.{new string((char)('a' + (i % 26)), 1 + i)}", Bytes(random.Next(40)));
        byte[] shared = Bytes(300);
        for (int i = 0; i < 5; i++)
            SetAttribute(WriteFile(folder, $"shared{i}", (0, i)), "user.shared", shared);
        byte[] large = Bytes(20000);
        for (int i = 0; i < 3 && !ForMke2fs; i++)
            SetAttribute(WriteFile(folder, $"shared-large{i}", (0, i)), "user.large", large);
        ByteString subfolder = Folder(folder, "folder");
        SetAttribute(subfolder, "user.of a folder", Bytes(70));
        if (Privileged)
            foreach (ByteString path in new[] { subfolder, many, WriteFile(folder, "trusted", (0, 9)) }.Concat(all.Where(IsSpecial)))
            {
                SetAttribute(path, "trusted.overlay.opaque", "y"u8.ToArray());
                SetAttribute(path, "security.jumpbag", Bytes(random.Next(120)));
            }
        if (Privileged)
            SetAttribute(WriteFile(folder, "capability", (0, 9)), "security.capability", [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        SetAttribute(WriteFile(folder, "acl", (0, 9)), "system.posix_acl_access", Acl(1000));
        SetAttribute(WriteFile(folder, "acl-many", (0, 9)), "system.posix_acl_access", Acl(1, 2, 3, 65536, 100000, 4000000000));
        ByteString inherited = Folder(folder, "acl-default");
        SetAttribute(inherited, "system.posix_acl_default", Acl(7, 8));
        WriteFile(inherited, "child", (0, 9));
        Folder(inherited, "child-folder");
    }

    /// <summary>struct posix_acl_xattr_header and its entries (linux/posix_acl_xattr.h): owner, users, group, mask, others.</summary>
    private static byte[] Acl(params uint[] users)
    {
        List<(ushort Tag, ushort Permissions, uint Id)> entries =
            [(1, 6, uint.MaxValue), .. users.Select(user => ((ushort)2, (ushort)5, user)), (4, 4, uint.MaxValue), (16, 5, uint.MaxValue), (32, 4, uint.MaxValue)];
        byte[] value = new byte[4 + (8 * entries.Count)];
        value[0] = 2;
        for (int i = 0; i < entries.Count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(value.AsSpan(4 + (8 * i)), entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(value.AsSpan(6 + (8 * i)), entries[i].Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(8 + (8 * i)), entries[i].Id);
        }
        return value;
    }

    private static void SetAttribute(ByteString path, string name, byte[] value) => Tolerate(() =>
        Posix.SetExtendedAttribute(path, ByteString.FromText(name), value));

    private void MakeHardLinks()
    {
        ByteString folder = Folder(top, "links");
        for (int i = 0; i < 15; i++)
            MakeHardLink(files[random.Next(files.Count)], folder, $"hard{i}");
        ByteString often = WriteFile(folder, "often", (0, 1000));
        for (int i = 0; i < 30; i++)
            MakeHardLink(often, folder, $"often{i}");
        foreach ((int i, ByteString path) in all.Where(path => !ForMke2fs && IsSpecial(path)).ToArray().Index())
            MakeHardLink(path, folder, $"special{i}");
    }

    private void MakeHardLink(ByteString existing, ByteString folder, string name)
    {
        ByteString path = folder.Join(ByteString.FromText(name));
        Posix.MakeHardLink(existing, path);
        all.Add(path);
    }

    private void SetTimes()
    {
        long[] seconds = [0, -1, 1, -2147483648, 2147483647, 2147483648, 4294967295, 4294967296, 6442450943, 8589934592, 15032385535, 1700000000];
        foreach (ByteString path in all)
            Tolerate(() => Posix.SetTimes(path, new(seconds[random.Next(seconds.Length)], random.Next(1_000_000_000)),
                new(seconds[random.Next(seconds.Length)], random.Next(1_000_000_000))));
        Posix.SetTimes(top, new(1, 2), new(3, 999_999_999));
    }

    private void SetFlags()
    {
        if (!Privileged || ForMke2fs)
            return;
        uint[] flags =
        [
            FileFlags.NoDump, FileFlags.NoAccessTime, FileFlags.Synchronous, FileFlags.SecureDelete | FileFlags.Undelete, FileFlags.NoTail,
            FileFlags.JournalData, FileFlags.Immutable, FileFlags.AppendOnly, FileFlags.TopDirectory, FileFlags.DirectorySync, FileFlags.ProjectInherit,
        ];
        for (int i = 0; i < flags.Length; i++)
        {
            ByteString[] paths = [WriteFile(top, $"flag{i}", (0, 30)), Folder(top, $"flag-folder{i}")];
            foreach (ByteString path in paths)
                Change(path, Posix.ReadOnly, fd =>
                {
                    Tolerate(() => Posix.SetProject(fd, 70000u + (uint)i));
                    Tolerate(() => Posix.SetFlags(fd, Posix.GetFlags(fd) | flags[i]));
                });
        }
    }
}
