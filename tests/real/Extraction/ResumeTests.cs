using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Extraction;

/// <summary>What a second run with --resume makes of what the first one left, beside the kernel's mount of the same image.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string image, copy, list;

    public ResumeTests()
    {
        (image, copy) = (folder.File("image"), folder.File("copy"));
        list = Path.Combine(copy, ".jumpbag-damaged");
    }

    public void Dispose() => folder.Dispose();

    private static string Sh(string script) => Shell.Run("sh", "-ec", script);

    [Fact]
    public void damaged_files_stay_damaged_until_a_run_gets_them_whole()
    {
        TreeSnapshot expected = Make();
        foreach (int run in new[] { 1, 2, 3 })
        {
            Extracted damaged = Run(resume: run > 1, bad: ["large", "sub/g1"]);
            Assert.True(!damaged.Result.IsComplete && damaged.Result.Damaged == 2, damaged.Told);
            Assert.Equal(2, damaged.Events.OfType<FileDamaged>().Count());
            string[] lines = [.. File.ReadAllLines(list).Skip(1).Order(StringComparer.Ordinal)];
            // The other name of sub/g1 is of the same file, so it is damaged too.
            Assert.Equal(["512 large", "512 sub/deeper/h1", "512 sub/g1"], lines);
            Assert.Equal(run == 1 ? 20 : 0, damaged.Result.Files);
        }
        // One of them can be read again: only that one is made, and the list becomes shorter.
        Extracted better = Run(resume: true, bad: ["large"]);
        Assert.Equal((1, 1), (better.Result.Damaged, better.Result.Files));
        Assert.Equal(["512 large"], File.ReadAllLines(list).Skip(1));
        Extracted whole = Run(resume: true, bad: []);
        Assert.True(whole.Result.IsComplete && whole.Result.Files == 1, whole.Told);
        Assert.Equal("", Extracted.LeftOvers(copy));
        Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.OfFolder(copy), TreeAspects.OfACopy));
    }

    [Fact]
    public void a_killed_run_that_had_listed_a_file_does_not_make_it_whole()
    {
        TreeSnapshot expected = Make();
        Run(resume: false, bad: ["large"]);
        // As after a kill -9: the marker is there, the list was never closed, and ends in half a line.
        Sh($"touch {copy}/.jumpbag-00000000-0.part; printf '70' >> {list}");
        Assert.Equal(1, Run(resume: true, bad: ["large"]).Result.Damaged);
        Assert.True(Run(resume: true, bad: []).Result.IsComplete);
        Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.OfFolder(copy), TreeAspects.OfACopy));
    }

    [Fact]
    public void what_a_person_mended_is_not_replaced_by_a_reading_that_is_no_better()
    {
        Make();
        Run(resume: false, bad: ["large"]);
        using (LoopMount mount = LoopMount.Mount(image))
            Sh($"cp -p {mount.Folder}/tree/large {copy}/large");
        byte[] mended = File.ReadAllBytes(Path.Combine(copy, "large"));
        Assert.Equal(1, Run(resume: true, bad: ["large"]).Result.Damaged);
        Assert.Equal(mended, File.ReadAllBytes(Path.Combine(copy, "large")));
        Assert.Equal("", Extracted.LeftOvers(Path.Combine(copy, "sub")));
    }

    [Fact]
    public void a_single_damaged_file_is_read_again()
    {
        Make();
        Assert.Equal(1, Run(resume: false, bad: ["large"], path: "/tree/large").Result.Damaged);
        Assert.Equal(1, Run(resume: true, bad: ["large"], path: "/tree/large").Result.Damaged);
        Assert.True(Run(resume: true, bad: [], path: "/tree/large").Result.IsComplete);
        using LoopMount mount = LoopMount.Mount(image);
        Assert.Equal(File.ReadAllBytes(mount.Folder + "/tree/large"), File.ReadAllBytes(copy));
        Assert.False(File.Exists(folder.File(".jumpbag-damaged")));
    }

    [Fact]
    public void a_file_of_the_original_that_is_named_as_the_list_is_copied_as_any_other()
    {
        Make(also: "echo theirs > .jumpbag-damaged");
        Assert.Equal(1, Run(resume: false, bad: ["large"]).Result.Damaged);
        Assert.Equal("theirs\n", File.ReadAllText(list));
        Assert.Contains("512 large", File.ReadAllText(list + "~"));
        Assert.True(Run(resume: true, bad: []).Result.IsComplete);
        Assert.True(File.Exists(list) && !File.Exists(list + "~"));
    }

    [Theory]
    [InlineData("echo mine > copy/notes; rm copy/f1 copy/sub/g2", "copy", "copy")]
    [InlineData("mkdir in; mv copy in/tree; echo mine > in/notes; rm in/tree/f1", "in", "in/tree")]
    [InlineData("mkdir in; cp -p copy/f1 in/f1; mv copy in/tree; rm in/tree/f1", "in", "in/tree")]
    [InlineData("rm -r copy; mkdir in; echo mine > in/notes", "in", "in/tree")]
    [InlineData("rm -r copy; mkdir in; echo mine > in/f1", "in", "in/tree")]
    public void a_run_goes_on_where_the_first_one_copied_though_the_folder_was_changed(string change, string destination, string goesOnIn)
    {
        TreeSnapshot expected = Make();
        Assert.True(Run(resume: false, bad: []).Result.IsComplete);
        Sh($"cd {folder.Path}; {change}");
        Extracted resumed = Run(resume: true, bad: [], to: destination);
        Assert.True(resumed.Result.IsComplete, resumed.Told);
        Sh($"cd {folder.Path}; rm -f {goesOnIn}/notes; touch -d @5.000000007 {goesOnIn}");
        Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.OfFolder(folder.File(goesOnIn)), TreeAspects.OfACopy));
    }

    private Extracted Run(bool resume, string[] bad, string path = "/tree", string to = "copy")
    {
        using FileSource source = FileSource.Open(image);
        (long, long)[] sectors = [.. bad.Select(name => (FirstBlock(name) * 4096 + 1024, 512L))];
        return Extracted.From(new BadSectors(source, sectors), path, folder.File(to), new() { Recursive = true, Resume = resume });
    }

    private long FirstBlock(string name) =>
        Shell.Run("debugfs", "-R", $"blocks /tree/{name}", image).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).Min();

    /// <summary>/tree: twenty files, a folder, hard links and one file of 2 MB; what the kernel shows of it.</summary>
    private TreeSnapshot Make(string also = ":")
    {
        Require.LoopMounts();
        Require.Tool("debugfs");
        ImageBuilder.Format(image, 64 << 20, "-t", "ext4", "-b", "4096");
        using (LoopMount fill = LoopMount.Mount(image, "rw"))
            Sh($"mkdir -p {fill.Folder}/tree/sub/deeper; cd {fill.Folder}/tree; for i in $(seq 12); do head -c $((i * 700)) /dev/urandom > f$i; done; " +
                "head -c 2000000 /dev/urandom > large; for i in $(seq 7); do head -c 30000 /dev/urandom > sub/g$i; ln sub/g$i sub/deeper/h$i; done; " +
                $"ln -s f1 link; {also}; touch -d @5.000000007 sub .");
        using LoopMount mount = LoopMount.Mount(image);
        return TreeSnapshot.OfFolder(mount.Folder + "/tree");
    }

    private sealed class BadSectors(BlockDevice below, (long Start, long Length)[] bad) : BlockDevice
    {
        public override long Length => below.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            foreach ((long start, long length) in bad)
                if (offset < start + length && offset + destination.Length > start)
                    throw new UnreadableException(offset, destination.Length, "input/output error");
            below.Read(offset, destination);
        }

        public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
    }
}
