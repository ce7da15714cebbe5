using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.Tests.Real.Storage;

public class SourceTests
{
    [Fact]
    public void a_pipe_is_refused_at_once()
    {
        using var workshop = new Workshop();
        workshop.Shell("mkfifo pipe");
        FailedException error = Assert.Throws<FailedException>(() => FileSource.Open(workshop.File("pipe")));
        Assert.Contains("a pipe", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void a_block_device_has_its_length_and_sector_size(int sectorSize)
    {
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 8 * 1024 * 1024);
        string loop = workshop.Loop(file, $"-r --sector-size {sectorSize}");
        try
        {
            using FileSource source = FileSource.Open(loop);
            Assert.Equal((true, 8 * 1024 * 1024, sectorSize), (source.IsBlockDevice, source.Length, source.SectorSize));
            Assert.Equal(ExtentKind.Data, Assert.Single(source.Extents(0, source.Length)).Kind);
            source.Read(1234567, new byte[77]);
        }
        finally
        {
            workshop.Shell($"losetup -d {loop}");
        }
    }

    [Fact]
    public void a_file_that_another_program_has_locked_is_read()
    {
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 4096);
        using FileStream locked = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        using FileSource source = FileSource.Open(file);
        source.Read(0, new byte[4096]);
    }

    [Fact]
    public void a_path_that_is_not_utf8_is_opened()
    {
        using var workshop = new Workshop();
        workshop.Shell("printf hello > \"$(printf 'd\\377')\"");
        using FileSource source = FileSource.Open(workshop.Folder + "/" + new ByteString([(byte)'d', 0xFF]).ToArgument());
        // .NET cannot remove a file of such a name.
        workshop.Shell("rm -f d*");
        Assert.Equal(5, source.Length);
    }
}
