using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>
/// Images that claim huge things, and a huge directory: the program stays below 256 MiB, as /usr/bin/time sees it, ends soon,
/// and what it says is for people.
/// </summary>
public sealed partial class MemoryTests : IDisposable
{
    private const long MostKiB = 256 * 1024;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A program that makes "i", and what is then written into it: offset, width, value, and so on.</summary>
    public static TheoryData<string, string, string> Claims => new()
    {
        { "ext of 2^37 blocks in 2^24 groups", Ext("64bit", "130T"), "1024+0=80000000 1024+4=0 1024+336=20" },
        { "ext of 4 G blocks", Ext("^64bit", "4T"), "1024+0=4000000 1024+4=FFFFFFFF" },
        { "ext of 2^24 groups of 256 blocks", Ext("^64bit", "4T"), "1024+0=80000000 1024+4=FFFFFFFF 1024+32=100 1024+36=100" },
        { "ext of 2^24 groups that the disk does not have", Ext("^64bit", "8M"), "1024+0=80000000 1024+4=FFFFFFFF 1024+32=100 1024+36=100" },
        { "ext with blocks of 64 KiB", Ext("^64bit", "1G").Replace("-b 1024", "-b 65536", StringComparison.Ordinal).Replace("8M", "200M", StringComparison.Ordinal), "" },
        { "files, directories and links of 2^62 bytes", Ext("^64bit,large_dir,^extent", "16M") + SizeOf("/f") + SizeOf("/d") + SizeOf("/l"), "" },
        { "files, directories and links of 2^62 bytes, in extents", Ext("64bit,large_dir,extent", "16M") + SizeOf("/f") + SizeOf("/d") + SizeOf("/l"), "" },
        { "a directory that is one block again and again", Ext("^64bit,large_dir,^extent", "1G") + """
            block=$(debugfs -R 'blocks /d' i 2>/dev/null | awk '{ print $1 }')
            perl -e 'print pack("V", $ARGV[0]) x 256' $block >map; perl -e 'print pack("V", 7002) x 256' >map2; perl -e 'print pack("V", 7001) x 256' >map3
            dd if=map of=i bs=1024 seek=7001 conv=notrunc status=none; dd if=map3 of=i bs=1024 seek=7002 conv=notrunc status=none; dd if=map2 of=i bs=1024 seek=7003 conv=notrunc status=none
            for n in 12 13 14; do debugfs -w -R "set_inode_field /d block[IND] 7001" i; debugfs -w -R "set_inode_field /d block[DIND] 7002" i; debugfs -w -R "set_inode_field /d block[TIND] 20003" i; done 2>/dev/null
            debugfs -w -R 'set_inode_field /d size 17000000000' i 2>/dev/null
            """, "" },
        { "values of attributes in huge inodes", Ext("64bit,ea_inode", "64M") + """
            head -c 5000 /dev/zero | tr '\0' v >v; debugfs -w -R 'ea_set -f v /f user.big' i 2>/dev/null
            n=$(debugfs -R 'stat /f' i 2>/dev/null | sed -n 's/.*inode <\?\([0-9]*\)>\?.*/\1/p' | head -n 1); for n in 13 14 15 16 17 18; do debugfs -w -R "set_inode_field <$n> size 0x3FFFFFFFFFFFFFFF" i 2>/dev/null; done
            """, "" },
        { "an fstab, a passwd and an os-release of a terabyte", Ext("64bit,extent", "64M") + """
            debugfs -w -R 'mkdir etc' i 2>/dev/null; for n in fstab passwd group os-release hostname; do echo 'UUID=0 / ext4 defaults 0 0' >t; debugfs -w -R "write t etc/$n" i 2>/dev/null; debugfs -w -R "set_inode_field /etc/$n size 1099511627776" i 2>/dev/null; done
            """, "" },
        { "a journal of 2^32 blocks", Ext("64bit,has_journal", "64M") + SizeOf("<8>") + Journal, "J+16=FFFFFFFF J+28=1" },
        { "a GPT of 4 G entries", Gpt, "512+80=FFFFFFFF 512+84=80 GPT" },
        { "a GPT of entries of 2 GiB", Gpt, "512+80=80 512+84=80000000 GPT" },
        { "an MBR whose extended partitions go on", "truncate -s 4G i; printf 'label: dos\\n2048,,5\\n' | sfdisk -q i; for i in $(seq 0 400); do printf '\\0\\0\\0\\0\\x83\\0\\0\\0\\1\\0\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0\\5\\0\\0\\0' >e; perl -e 'print pack(\"VV\", $ARGV[0]*8+8, 8)' $i >>e; dd if=e of=i bs=1 seek=$(((2048 + i * 8) * 512 + 446)) conv=notrunc status=none; printf '\\x55\\xaa' | dd of=i bs=1 seek=$(((2048 + i * 8) * 512 + 510)) conv=notrunc status=none; done", "" },
    };

    /// <summary>Of one group, so that no copy of the superblock or of the descriptors can take the place of what is patched.</summary>
    private static string Ext(string features, string size) =>
        $"mkdir t t/d; echo x >t/f; ln -s {new string('l', 200)} t/l; for n in $(seq 60); do : >t/d/name$n; done; truncate -s 8M i; mke2fs -q -F -t ext4 -b 1024 -I 256 -N 128 -O ^has_journal,^metadata_csum,{features} -d t i; truncate -s {size} i\n";

    private static string SizeOf(string file) => $"debugfs -w -R 'set_inode_field {file} size 0x3FFFFFFFFFFFF000' i 2>/dev/null\n";

    /// <summary>Leaves the place of the journal's superblock in J, and the filesystem in need of a recovery.</summary>
    private const string Journal = "debugfs -R 'bmap <8> 0' i 2>/dev/null >J; debugfs -w -R 'feature needs_recovery' i 2>/dev/null >/dev/null\n";

    private const string Gpt = "truncate -s 64M i; sgdisk -n 1:2048:+10M i >/dev/null\n";

    [Theory]
    [MemberData(nameof(Claims))]
    public void what_an_image_claims_takes_no_memory(string what, string make, string patches)
    {
        foreach (string program in new[] { "mke2fs", "debugfs", "sgdisk", "sfdisk", "perl" })
            Require.Tool(program);
        ShellResult made = Shell.Try(TimeSpan.FromSeconds(60), "bash", "-c", $"cd \"$1\"; {make}", "bash", folder.Path);
        Assert.True(File.Exists(folder.File("i")), $"{what}: {made.Output}{made.Errors}");
        Patch(patches);
        foreach (string command in new[] { "inspect i", "ls -lR i:/", "find i:/ -name x", "df i", "stat i:/f", "cp -r i:/ out", "tar i:/" })
            Measure($"{what}: {command}", command, " | head -c 100M >/dev/null");
    }

    /// <summary>1 Mi copies of blocks, the most that are replayed, in a log that is a hole but for its descriptors; and one more than that.</summary>
    [Theory]
    [InlineData(1024 * 1024 - 200)]
    [InlineData(1024 * 1024 + 200)]
    public void a_journal_that_is_full_of_copies_takes_no_more_memory(int copies)
    {
        Require.Tool("mke2fs");
        Require.Tool("debugfs");
        string image = folder.File("i");
        using (FileStream file = File.Create(image))
            file.SetLength(6L << 30);
        Shell.Run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-O", "^metadata_csum,64bit,^resize_inode", "-J", "size=2500", "-E", "lazy_journal_init=1", image);
        Shell.Run("debugfs", "-w", "-R", "feature needs_recovery", image);
        (long Logical, long Length, long Physical)[] extents = [.. ExtentLine().Matches(Shell.Run("debugfs", "-R", "dump_extents <8>", image))
            .Select(match => (Of(match, 1), Of(match, 2) - Of(match, 1) + 1, Of(match, 3)))];
        long Place(long block) => extents.Where(extent => block >= extent.Logical && block < extent.Logical + extent.Length).Select(extent => (extent.Physical + block - extent.Logical) * 1024).Single();

        using FileStream disk = File.OpenWrite(image);
        var head = new byte[1024];
        void Header(int type)
        {
            head.AsSpan().Clear();
            BinaryPrimitives.WriteUInt32BigEndian(head, 0xC03B_3998);
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), type);
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(8), 1);
        }
        void Put(long at, ReadOnlySpan<byte> bytes)
        {
            disk.Position = at;
            disk.Write(bytes);
        }
        // s_sequence and s_start.
        Put(Place(0) + 0x18, [0, 0, 0, 1, 0, 0, 0, 1]);
        long next = 1;
        for (int written = 0; written < copies;)
        {
            Header(1);
            // Tags of 8 bytes; the first is followed by a UUID, the last is marked.
            int count = Math.Min((1024 - 12 - 16) / 8, copies - written), at = 12;
            for (int i = 0; i < count; i++, at += i == 1 ? 24 : 8)
            {
                BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(at), 3_000_000 + (written + i) * 7919 % 2_500_000);
                BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(at + 6), (ushort)((i > 0 ? 2 : 0) | (i == count - 1 ? 8 : 0)));
            }
            Put(Place(next), head);
            next += 1 + count;
            written += count;
        }
        Header(2);
        Put(Place(next), head);
        disk.Flush();

        string said = Measure($"{copies} copies", "ls i:/", "");
        Assert.Contains(copies < 1024 * 1024 ? "journal replayed: 1 transaction" : "more than 1048576 blocks", said);

        static long Of(Match match, int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>100,000 entries, or as many as JUMPBAG_TEST_ENTRIES says.</summary>
    [Fact]
    public void a_huge_directory_is_listed_found_and_copied_whole()
    {
        int entries = int.Parse(Environment.GetEnvironmentVariable("JUMPBAG_TEST_ENTRIES") ?? "100000", CultureInfo.InvariantCulture);
        ImageBuilder.Format(folder.File("i"), 1L << 32, "-t", "ext4", "-b", "4096", "-O", "large_dir,^has_journal,^inline_data", "-N", $"{entries + 1000}");
        string names;
        using (LoopMount mount = LoopMount.Mount(folder.File("i"), "rw,noatime"))
        {
            Directory.CreateDirectory(Path.Combine(mount.Folder, "many"));
            for (int i = 0; i < entries; i++)
                File.Create(Path.Combine(mount.Folder, "many", $"file {i:D7}")).Dispose();
            names = Shell.Run("ls", "-1", Path.Combine(mount.Folder, "many"));
        }
        Measure("find", "find -q i:/many -type f", " | sed 's,.*/,,' | LC_ALL=C sort >found");
        Assert.True(names == File.ReadAllText(folder.File("found")), "find finds other names than the kernel");
        Measure("ls", "ls -q i:/many", " | LC_ALL=C sort >found");
        Assert.True(names == File.ReadAllText(folder.File("found")), "ls lists other names than the kernel");
        Measure("ls -l", "ls -ql i:/many", " >/dev/null");
        Measure("stat", $"stat -q 'i:/many/file {entries - 1:D7}'", " >/dev/null");
        Measure("cp", "cp -q -r i:/many out", "");
        Assert.True(names == Shell.Run("ls", "-1", folder.File("out")), "cp copies other names than the kernel has");
    }

    /// <summary>Six windows of its table, on a disk that is a hole but for the table and a few files.</summary>
    [Fact]
    public void a_snapshot_of_six_million_changed_chunks_takes_no_more_memory()
    {
        Require.Tool("mke2fs");
        Require.Tool("python3");
        Shell.Run("bash", "-c", """
            cd "$1"; mkdir t; for n in 1 2 3; do head -c 100000 /dev/urandom >t/$n; done; truncate -s 8M c; mke2fs -q -F -t ext4 -d t c
            python3 - "$2" <<'E'
            import array, importlib.machinery, importlib.util, sys
            loader = importlib.machinery.SourceFileLoader("volumes", sys.argv[1])
            volumes = importlib.util.module_from_spec(importlib.util.spec_from_loader("volumes", loader))
            loader.exec_module(volumes)
            def many(folder, content, chunk=4096, count=6_000_000, extent=1 << 20):
                # Every second chunk behind the content, in an order that is not theirs.
                origin, areas = (len(content) + 2 * count * chunk) // extent + 1, count // 256 + 1
                size = (2 + count + areas) * chunk // extent + 1
                disk = volumes.Disk(folder, 0, origin + size)
                disk.write(0, content)
                disk.write(origin * extent, b"SnAp" + b"".join(n.to_bytes(4, "little") for n in (1, 1, chunk // 512)))
                for area in range(areas):
                    first, last = area * 256, min(area * 256 + 256, count)
                    pairs = array.array("Q", bytes(chunk))
                    pairs[0:2 * (last - first):2] = array.array("Q", (len(content) // chunk + i * 7919 % count * 2 for i in range(first, last)))
                    pairs[1:2 * (last - first):2] = array.array("Q", range(2 + first + area, 2 + last + area))
                    disk.write(origin * extent + (1 + area * 257) * chunk, pairs.tobytes())
                return [disk], (volumes.volume("origin", volumes.linear_segment(origin, "pv0", 0), visible=True) + volumes.volume("volume", volumes.linear_segment(size, "pv0", origin), visible=True)
                                + volumes.volume("snapshot0", volumes.segment(origin, "snapshot", chunk_size=chunk // 512, origin="origin", cow_store="volume"), visible=True))
            volumes.CASES["many"] = many
            volumes.main("many", "c", "d")
            E
            """, "bash", folder.Path, Path.Combine(VirtualMachine.Repository, "bench", "make-volume"));
        Measure("inspect", "inspect d/disk0", " | grep -c snapshot >found");
        Measure("cp", "cp -q -r d/disk0@bench/volume:/ out", "");
        Shell.Run("bash", "-c", "cd \"$1\"; diff -r t out/ -x lost+found", "bash", folder.Path);
    }

    /// <summary>What the program said on its standard error.</summary>
    private string Measure(string what, string command, string into)
    {
        Require.Tool("time");
        // Output to a pipe that closes early ends the program too; -o keeps the figures apart from what it says.
        ShellResult result = JumpbagProgram.Bash(folder.Path, $"rm -rf out; LC_ALL=C timeout 50 /usr/bin/time -q -o figures -f '%M %e %x' \"$BIN\" {command} 2>errors {into}; echo ${{PIPESTATUS[0]}} >status; cat figures errors");
        string[] figures = [.. File.ReadLines(folder.File("figures")).Last().Split(' ')];
        string errors = File.ReadAllText(folder.File("errors"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {string.Join(' ', figures)} {errors.Split('\n')[0]}");
        Assert.True(figures.Length == 3, $"{what}: {result.Output}");
        Assert.True(long.Parse(figures[0], CultureInfo.InvariantCulture) < MostKiB, $"{what}: {figures[0]} KiB\n{errors}");
        Assert.True(double.Parse(figures[1], CultureInfo.InvariantCulture) < Soon.TotalSeconds, $"{what}: {figures[1]} s\n{errors}");
        Assert.True(File.ReadAllText(folder.File("status")).Trim() == figures[2], $"{what}: it was killed\n{errors}");
        Assert.True(figures[2] is "0" or "1" or "2" or "3" or "4" or "141" && !StackTrace().IsMatch(errors), $"{what}: exit status {figures[2]}\n{errors}");
        return errors;
    }

    /// <summary>"1024+4=FFFFFFFF": a number in hexadecimal, little-endian, of 4 bytes or as many as stand behind a colon; J is the journal (big-endian); GPT: its header's checksum is made right.</summary>
    private void Patch(string patches)
    {
        using FileStream image = File.Open(folder.File("i"), FileMode.Open);
        foreach (string patch in patches.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (patch == "GPT")
            {
                Renew(image);
                continue;
            }
            Match match = PatchForm().Match(patch);
            bool journal = match.Groups[1].Value == "J";
            long start = journal ? long.Parse(File.ReadAllText(folder.File("J")), CultureInfo.InvariantCulture) * 1024 : long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
            byte[] value = BitConverter.GetBytes(ulong.Parse(match.Groups[3].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            int width = match.Groups[4].Success ? int.Parse(match.Groups[4].Value, CultureInfo.InvariantCulture) : 4;
            Span<byte> bytes = value.AsSpan(0, width);
            if (journal)
                bytes.Reverse();
            image.Position = start + long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
            image.Write(bytes);
        }
    }

    private static void Renew(FileStream image)
    {
        var header = new byte[92];
        image.Position = 512;
        image.ReadExactly(header);
        header.AsSpan(16, 4).Clear();
        uint sum = ~0u;
        foreach (byte b in header)
        {
            sum ^= b;
            for (int bit = 0; bit < 8; bit++)
                sum = (sum >> 1) ^ (0xEDB8_8320 & (0 - (sum & 1)));
        }
        image.Position = 512 + 16;
        image.Write(BitConverter.GetBytes(~sum));
    }

    [GeneratedRegex(@"^(\d+|J)\+(\d+)=([0-9A-F]+)(?::(\d))?$")]
    private static partial Regex PatchForm();

    [GeneratedRegex(@"(?m)^ *\d+/ *\d+ +\d+/ *\d+ +(\d+) - +(\d+) +(\d+) - +\d+ +\d+")]
    private static partial Regex ExtentLine();

    [GeneratedRegex(@"(?m)^ +at |Unhandled exception")]
    private static partial Regex StackTrace();
}
