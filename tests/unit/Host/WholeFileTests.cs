using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Host;

public sealed class WholeFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_file_is_replaced_whole_and_is_its_owners()
    {
        string path = folder.File("new/file");
        WholeFile.Write(path, "first"u8);
        WholeFile.Write(path, "2nd"u8);
        Assert.Equal("2nd", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(folder.File("new")));
    }

    [Fact]
    public void what_stands_where_it_is_written_first_is_not_written_to()
    {
        string path = folder.File("file"), others = folder.File("others");
        File.WriteAllText(others, "theirs");
        File.CreateSymbolicLink($"{path}.{Environment.ProcessId}", others);
        WholeFile.Write(path, "ours"u8);
        Assert.Equal(("ours", "theirs"), (File.ReadAllText(path), File.ReadAllText(others)));
        Assert.Null(File.ResolveLinkTarget(path, returnFinalTarget: false));
    }

    [Fact]
    public void where_it_cannot_be_written_what_was_there_stays_and_nothing_is_left()
    {
        Directory.CreateDirectory(folder.File("there/inside"));
        FailedException e = Assert.Throws<FailedException>(() => WholeFile.Write(folder.File("there"), "x"u8, "elsewhere"));
        Assert.Equal("elsewhere", e.Hint);
        Assert.True(Directory.Exists(folder.File("there/inside")));
        Assert.Equal(["there"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }
}
