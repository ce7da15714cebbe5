using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.FileSystems.Tar;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Tests.Real.Ext;

/// <summary>Encrypted directories, made with a key that is then thrown away, against what the kernel shows without it.</summary>
public sealed partial class ExtEncryptionTests
{
    [Theory]
    [InlineData("1024", "half_md4", "")]
    [InlineData("4096", "tea", "")]
    [InlineData("4096", "half_md4", "inline_data,metadata_csum")]
    [InlineData("2048", "legacy", "^dir_index")]
    public void names_are_those_that_the_kernel_shows_without_the_key(string blockSize, string hash, string features)
    {
        Require.Tool("tune2fs");
        using var folder = new TemporaryFolder();
        string image = folder.File("image");
        ImageBuilder.Format(image, 64 << 20, "-t", "ext4", "-b", blockSize, "-O", "encrypt," + features);
        Shell.Run("tune2fs", "-E", $"hash_alg={hash}", image);
        using (LoopMount mount = LoopMount.Mount(image, "rw,data=writeback"))
            Fill(mount.Folder);

        using FileSource source = FileSource.Open(image);
        ExtFileSystem read = ExtFileSystem.Open(source, new ExtOpenOptions());
        using LoopMount kernel = LoopMount.Mount(image, "ro");
        foreach (string directory in new[] { "few", "many" })
        {
            Node node = read.GetNode(read.Lookup(Root(read), ByteString.FromText(directory), Unexpected)!.Value.Inode, Unexpected);
            string[] expected = [.. Directory.EnumerateFileSystemEntries(Path.Combine(kernel.Folder, directory)).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
            string[] found = [.. read.List(node, Unexpected).Select(entry => entry.Name.ToString()).Order(StringComparer.Ordinal)];
            Assert.Equal(expected, found);
            Assert.NotEmpty(found);

            DirectoryEntry file = read.List(node, Unexpected).First(entry => entry.Type == FileType.Regular);
            Assert.Equal(file, read.Lookup(node, file.Name, Unexpected));
            var refused = Assert.Throws<UnsupportedException>(() => read.Extents(read.GetNode(file.Inode, Unexpected), 0, Unexpected));
            Assert.Contains("encrypted", refused.Message);
            DirectoryEntry link = read.List(node, Unexpected).First(entry => entry.Type == FileType.SymbolicLink);
            Assert.Throws<UnsupportedException>(() => read.ReadLink(read.GetNode(link.Inode, Unexpected), Unexpected));
        }
    }

    [Fact]
    public void archives_and_copies_leave_encrypted_files_out_and_list_each()
    {
        Require.Tool("tar");
        using var folder = new TemporaryFolder();
        string image = folder.File("image"), copy = folder.File("copy"), archive = folder.File("archive.tar");
        ImageBuilder.Format(image, 64 << 20, "-t", "ext4", "-O", "encrypt");
        using (LoopMount mount = LoopMount.Mount(image, "rw,data=writeback"))
        {
            Fill(mount.Folder);
            File.WriteAllText(Path.Combine(mount.Folder, "plain"), "content");
        }
        using FileSource source = FileSource.Open(image);
        var tree = new FileTree(ExtFileSystem.Open(source, new ExtOpenOptions()));
        var told = new List<string>();
        using (FileStream stream = File.Create(archive))
        using (var writer = new TarWriter(stream.Write, _ => { }))
        {
            writer.Add(new(tree, ByteString.FromText("/"), tree.Root), (path, damage) => told.Add($"{path}: {damage}"));
            writer.Finish();
        }
        // Four and three hundred files, and a link in each folder.
        Assert.Equal(306, told.Count);
        Assert.All(told, line => Assert.Matches("^/(few|many)/.*encrypted.*left out", line));
        string[] names = ["./", "./few/", "./lost+found/", "./many/", "./plain"];
        Assert.Equal(names, Shell.Run("tar", "-tf", archive).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal("content", Shell.Run("tar", "-xOf", archive, "./plain"));

        var events = new ConcurrentQueue<Event>();
        ExtractionResult result = new FileSystems.Extraction.Extraction(events.Enqueue, new() { Recursive = true }, TestContext.Current.CancellationToken)
            .Run([new(tree, ByteString.FromText("/"))], copy);
        Assert.Equal((306, 1, 0), (result.Damaged, result.Files, result.Failed));
        Assert.Equal(["copy/few", "copy/lost+found", "copy/many", "copy/plain"], Directory.GetFileSystemEntries(copy, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder.Path, path)).Order(StringComparer.Ordinal));
    }

    private static Node Root(ExtFileSystem fileSystem) => fileSystem.GetNode(fileSystem.RootInode, Unexpected);

    private static void Unexpected(Damage damage) => Assert.Fail(damage.ToString());

    private static void Fill(string top)
    {
        byte[] identifier = AddKey(top);
        foreach ((string name, int files) in new[] { ("few", 4), ("many", 300) })
        {
            string directory = Path.Combine(top, name);
            Directory.CreateDirectory(directory);
            // fscrypt_policy_v2: AES-256-XTS for contents, AES-256-CBC-CTS for names padded to 32 bytes.
            byte[] policy = [2, 1, 4, 3, 0, 0, 0, 0, .. identifier];
            using (SafeFileHandle handle = open(directory, 0))
                Assert.True(ioctl(handle, 0x800C_6613, policy) == 0, $"FS_IOC_SET_ENCRYPTION_POLICY: {Marshal.GetLastPInvokeErrorMessage()}");
            for (int i = 0; i < files; i++)
                File.WriteAllText(Path.Combine(directory, $"{i}-{new string('x', i * 61 % 240)}"), "content");
            File.CreateSymbolicLink(Path.Combine(directory, "link"), "target");
        }
    }

    /// <summary>Its identifier, which the kernel computes.</summary>
    private static byte[] AddKey(string top)
    {
        // fscrypt_add_key_arg: a specifier (type 2: by identifier) of 40 bytes, the key's size, 36 bytes, the key.
        var argument = new byte[80 + 64];
        BinaryPrimitives.WriteUInt32LittleEndian(argument, 2);
        BinaryPrimitives.WriteUInt32LittleEndian(argument.AsSpan(40), 64);
        Random.Shared.NextBytes(argument.AsSpan(80));
        using SafeFileHandle handle = open(top, 0);
        Assert.SkipUnless(ioctl(handle, 0xC050_6617, argument) == 0, $"this kernel has no fscrypt: {Marshal.GetLastPInvokeErrorMessage()}");
        return argument[8..24];
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle handle, nuint request, byte[] argument);
}
