using System.Globalization;
using Jumpbag.Storage;
using Jumpbag.Storage.Md;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Md;

/// <summary>The disks with arrays as the machine left them (make-arrays.sh), and what it said. It runs when the first test asks.</summary>
public sealed class MdMachine : IDisposable
{
    private const long SlotSize = 2 << 20;

    private readonly TemporaryFolder folder = new();
    private readonly Lazy<string> answer;
    private readonly Lazy<FileSource> slots;

    public MdMachine()
    {
        answer = new(MakeArrays);
        slots = new(() =>
        {
            _ = answer.Value;
            return FileSource.Open(Disk('a'));
        });
    }

    /// <summary>An array as the kernel had it.</summary>
    public sealed record Made(string Name, int FirstSlot, int Count, long Size, string Hash)
    {
        /// <summary>How many of its members may be missing.</summary>
        public int Tolerance => Name[..5] switch
        {
            "raid0" or "linea" => 0,
            "raid1" when Name.StartsWith("raid10-f3", StringComparison.Ordinal) || Name.StartsWith("raid10-n3", StringComparison.Ordinal) || Name.StartsWith("raid10-o3", StringComparison.Ordinal) => 2,
            "raid1" when !Name.StartsWith("raid10", StringComparison.Ordinal) => Count - 1,
            "raid6" => 2,
            _ => 1,
        };
    }

    public IReadOnlyList<Made> Arrays => [.. Lines("array").Select(words => new Made(words[0], int.Parse(words[1], CultureInfo.InvariantCulture),
        int.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[3], CultureInfo.InvariantCulture), words[4]))];

    public IEnumerable<string[]> Lines(string kind) => answer.Value.Split('\n')
        .Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(line => line[(kind.Length + 1)..].TrimEnd().Split(' '));

    public string Disk(char letter) => folder.File("vd" + letter);

    /// <summary>The members as devices; in the machine the last bytes of a slot may not have been in use.</summary>
    public BlockDevice[] Slots(Made array)
    {
        long[] sizes = array.Name.Contains("zones", StringComparison.Ordinal) || array.Name.StartsWith("linear", StringComparison.Ordinal) ? [900000 / 512 * 512, SlotSize, 1400000 / 512 * 512] : Lengths(array);
        return [.. Enumerable.Range(0, array.Count).Select(i => new Slice(slots.Value, (array.FirstSlot + i) * SlotSize, i < sizes.Length ? sizes[i] : SlotSize))];
    }

    /// <summary>Puts together what the devices say: one array.</summary>
    public static MdArray Assemble(IEnumerable<BlockDevice> devices)
    {
        var damage = new List<string>();
        MdArray array = Assert.Single(MdArrays.Assemble(devices.Select((device, i) => MdMember.TryOpen(device, $"disk{i}", damage)).OfType<MdMember>()));
        Assert.Empty(damage);
        return array;
    }

    public void Dispose()
    {
        if (slots.IsValueCreated)
            slots.Value.Dispose();
        folder.Dispose();
    }

    private long[] Lengths(Made array) => Lines("lengths").FirstOrDefault(words => words[0] == array.Name) is { } words
        ? [.. words[1..].Select(word => long.Parse(word, CultureInfo.InvariantCulture) / 512 * 512)] : [];

    private string MakeArrays()
    {
        // Arrays made before are kept for who works on the reader: JUMPBAG_TEST_ARRAYS names their folder.
        if (Environment.GetEnvironmentVariable("JUMPBAG_TEST_ARRAYS") is { Length: > 0 } kept)
        {
            foreach (string disk in Directory.GetFiles(kept, "vd*"))
                File.CreateSymbolicLink(folder.File(Path.GetFileName(disk)), disk);
            return File.ReadAllText(Path.Combine(kept, "out"));
        }
        string[] disks = [.. "abcdefg".Select(Disk)];
        foreach (string path in disks)
            using (FileStream file = File.Create(path))
                file.SetLength(path == disks[0] ? 1000L << 20 : 40 << 20);
        ShellResult result = VirtualMachine.Run(Path.Combine(VirtualMachine.Repository, "tests", "real", "Md", "make-arrays.sh"), disks, ["linear"],
            ["losetup", "mdadm", "mke2fs", "sfdisk", "blockdev", "dd", "sha256sum", "mount", "umount", "head", "sed"]);
        Assert.True(result.Status == 0 && result.Output.Contains("\ndone ", StringComparison.Ordinal), result.Output + result.Errors);
        return result.Output;
    }
}
