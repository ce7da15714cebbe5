using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Ext;

/// <summary>
/// A filesystem with fs-verity, case folding, quotas with projects and encryption (make-features.sh), against what a kernel
/// built for all of them shows through stat, lsattr, getfattr and sha256sum.
/// </summary>
public sealed class ExtVirtualMachineTests(ExtVirtualMachineTests.Machine machine) : IClassFixture<ExtVirtualMachineTests.Machine>
{
    /// <summary>
    /// What the kernel takes for the same as a name that is there, and simple folding does not: foldings to several characters,
    /// canonical decomposition, ignorable characters. Such a name is not found, which is documented; none is found wrongly.
    /// </summary>
    private static readonly string[] NotFoundByUs =
    [
        "A\u0308rger", "STRASSE", "strasse", "FILE", "file", "\u00e9t\u00e9", "\u00c9T\u00c9", "A\u030angstro\u0308m", "i\u0307zmir",
        "ss", "SS", "soft", "SOFT", "\u1100\u1161\u1102\u1161", "ʼn", "s\u0323\u0307",
    ];

    [Fact]
    public void the_tree_is_the_one_that_the_kernel_shows()
    {
        TreeSnapshot expected = machine.KernelView(), actual = machine.OurView();
        Assert.InRange(expected.Entries.Count, 550, 700);
        foreach (char letter in "VFEPIN")
            Assert.Contains(expected.Entries.Values, entry => entry.Flags.Contains(letter));
        Assert.Empty(TreeComparison.Differences(expected, actual, TreeAspects.Holes));
    }

    [Fact]
    public void the_space_is_that_of_statfs()
    {
        FileSystemSummary summary = machine.FileSystem.Summary;
        long[] said = [.. machine.Part("space").Single().ToString().Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        long blockSize = summary.BlockSize;
        long[] read = [blockSize, summary.Capacity / blockSize, summary.Free / blockSize, summary.Available / blockSize, summary.Inodes, summary.FreeInodes];
        Assert.Equal(said.AsEnumerable(), read);
        Assert.Equal("clean", summary.State);
    }

    [Fact]
    public void projects_are_those_that_lsattr_shows()
    {
        int others = 0;
        foreach ((ByteString path, uint project, _) in machine.Flags())
        {
            Assert.Equal((path, project), (path, machine.Find(path).Project));
            others += project == 0 ? 0 : 1;
        }
        Assert.Equal(4, others);
    }

    [Fact]
    public void a_folded_name_leads_where_the_kernel_goes_or_is_not_found()
    {
        Node fold = machine.Find(ByteString.FromText("fold"));
        var missed = new List<string>();
        var wrong = new List<string>();
        int found = 0;
        foreach (ByteString line in machine.Part("lookups"))
        {
            int space = line.Span.IndexOf((byte)' ');
            ulong expected = ulong.Parse(line.Span[..space], CultureInfo.InvariantCulture);
            var name = new ByteString(line.Span[(space + 1)..]);
            ulong actual = machine.FileSystem.Lookup(fold, name, Machine.Unexpected)?.Inode ?? 0;
            if (actual == expected)
                found += actual == 0 ? 0 : 1;
            else if (actual == 0)
                missed.Add(name.ToString());
            else
                wrong.Add($"{name}: inode {expected} to the kernel, {actual} to us");
        }
        Assert.Empty(wrong);
        Assert.InRange(found, 40, 100);
        Assert.Equal(string.Join(' ', NotFoundByUs.Order(StringComparer.Ordinal)), string.Join(' ', missed.Order(StringComparer.Ordinal)));
    }

    /// <summary>The disk as the machine left it, and what it said. It runs when the first test asks.</summary>
    public sealed class Machine : IDisposable
    {
        private const string CannotBeOpened = "cannot be opened without the key";

        private readonly TemporaryFolder folder = new();
        private readonly Lazy<Dictionary<string, ByteString[]>> parts;
        private readonly Lazy<ExtFileSystem> fileSystem;
        private FileSource? source;

        public Machine()
        {
            parts = new(Run);
            fileSystem = new(() =>
            {
                _ = parts.Value;
                source = FileSource.Open(folder.File("disk"));
                return ExtFileSystem.Open(source, new ExtOpenOptions());
            });
        }

        public ExtFileSystem FileSystem => fileSystem.Value;

        public static void Unexpected(Damage damage) => Assert.Fail(damage.ToString());

        /// <summary>The lines of one part of the answer.</summary>
        public ByteString[] Part(string name) => parts.Value[name];

        public Node Find(ByteString path) => new FileTree(FileSystem).Lookup(path, followLast: false, Unexpected).Node;

        /// <summary>What lsattr -p said of files and directories: project and flags.</summary>
        public IEnumerable<(ByteString Path, uint Project, string Flags)> Flags() =>
            Part("flags").Select(line =>
            {
                string text = Encoding.Latin1.GetString(line.Span);
                string[] words = text.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
                return (Relative(Encoding.Latin1.GetBytes(words[2])), uint.Parse(words[0], CultureInfo.InvariantCulture), FileFlags.Sorted(words[1]));
            });

        public TreeSnapshot KernelView()
        {
            Dictionary<ByteString, string> flags = Flags().ToDictionary(line => line.Path, line => line.Flags);
            Dictionary<ByteString, string> sums = Part("sums").ToDictionary(line => Relative(line.Span[66..]), line => Encoding.ASCII.GetString(line.Span[..64]));
            var attributes = new Dictionary<ByteString, SortedDictionary<ByteString, byte[]>>();
            foreach (ByteString line in Part("attributes"))
                if (line.Span.StartsWith("# file: "u8))
                    attributes[Relative(line.Span["# file: ".Length..])] = [];
                else if (line.Span.IndexOf((byte)'=') is > 0 and int at)
                    attributes[attributes.Keys.Last()][new(line.Span[..at])] = Convert.FromHexString(Encoding.ASCII.GetString(line.Span[(at + 3)..]));
            return TreeSnapshot.OfEntries(Part("status").Select(line => Entry(line, flags, sums, attributes)));
        }

        /// <summary>With SHA-256 of the contents, as the other side has them; of encrypted files neither they nor the flags can be had there.</summary>
        public TreeSnapshot OurView() => TreeSnapshot.Of(FileSystem).Select(entry => entry.Type != FileType.Regular ? entry
            : entry.Content.StartsWith("unreadable: ", StringComparison.Ordinal) && entry.Content.Contains("its content is encrypted") && entry.Flags.Contains('E')
                ? entry with { Content = CannotBeOpened, Flags = CannotBeOpened }
                : entry with { Content = Sum(entry.Inode) });

        public void Dispose()
        {
            source?.Dispose();
            folder.Dispose();
        }

        private static (ByteString, TreeEntry) Entry(ByteString line, Dictionary<ByteString, string> flags, Dictionary<ByteString, string> sums,
            Dictionary<ByteString, SortedDictionary<ByteString, byte[]>> attributes)
        {
            string[] words = Encoding.Latin1.GetString(line.Span).Split(' ', 14);
            ByteString path = Relative(Encoding.Latin1.GetBytes(words[13]));
            int mode = Convert.ToInt32(words[0], 16);
            long Number(int index) => long.Parse(words[index], CultureInfo.InvariantCulture);
            FileType type = (mode & 0xF000) switch { 0x8000 => FileType.Regular, 0x4000 => FileType.Directory, _ => FileType.Unknown };
            return (path, new()
            {
                Type = type,
                Permissions = mode & 0xFFF,
                Uid = (uint)Number(1),
                Gid = (uint)Number(2),
                Size = Number(3),
                Allocated = Number(4) * 512,
                Links = Number(5),
                Inode = (ulong)Number(6),
                DeviceMajor = 0,
                DeviceMinor = 0,
                Accessed = Time(words[9]),
                Modified = Time(words[10]),
                Changed = Time(words[11]),
                Born = Time(words[12]),
                ExtendedAttributes = attributes.GetValueOrDefault(path, []),
                Flags = flags.GetValueOrDefault(path, CannotBeOpened),
                Content = type != FileType.Regular ? "" : sums.GetValueOrDefault(path, CannotBeOpened),
            });
        }

        private static Timestamp Time(string text)
        {
            string[] words = text.Split('.');
            return new(long.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
        }

        /// <summary>"./a" and "a" are a; "." is the top.</summary>
        private static ByteString Relative(ReadOnlySpan<byte> path) =>
            path.SequenceEqual("."u8) ? ByteString.Empty : new(path.StartsWith("./"u8) ? path[2..] : path);

        private string Sum(ulong inode)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            ContentReader.Copy(new(FileSystem, FileSystem.GetNode(inode, Unexpected)), bytes => hash.AppendData(bytes), Unexpected);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }

        private Dictionary<string, ByteString[]> Run()
        {
            using (FileStream file = File.Create(folder.File("disk")))
                file.SetLength(200 << 20);
            string[] take = ["mke2fs", "mount", "umount", "chattr", "lsattr", "setfattr", "getfattr", "find", "stat", "sha256sum", "fsverity", "e4crypt", "seq", "truncate"];
            foreach (string program in take)
                Require.Tool(program);
            ShellResult result = VirtualMachine.Run(Path.Combine(VirtualMachine.Repository, "tests", "real", "Ext", "make-features.sh"), [folder.File("disk")], take);
            Assert.True(result.Status == 0 && result.Output.EndsWith("done\n", StringComparison.Ordinal), result.Output + result.Errors);
            var answer = new Dictionary<string, ByteString[]>();
            string[] lines = result.Output.Split('\n');
            for (int i = 0; i + 1 < lines.Length; i++)
                if (lines[i].StartsWith("part ", StringComparison.Ordinal))
                    answer.Add(lines[i]["part ".Length..], [.. Lines(Convert.FromBase64String(lines[i + 1]))]);
            return answer;
        }

        private static IEnumerable<ByteString> Lines(byte[] text)
        {
            for (int from = 0; from < text.Length;)
            {
                int length = Array.IndexOf(text, (byte)'\n', from) - from;
                length = length < 0 ? text.Length - from : length;
                if (length > 0)
                    yield return new(text.AsSpan(from, length));
                from += length + 1;
            }
        }
    }
}
