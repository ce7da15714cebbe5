using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.Tests.Unit.Storage;

public sealed class FileSourceTests : IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"jumpbag-source-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(path);

    [Fact]
    public void a_missing_file_is_not_found() => Assert.Throws<NotFoundException>(() => FileSource.Open(path));

    [Theory]
    [InlineData("/", "a directory")]
    [InlineData("/dev/zero", "a character device")]
    public void what_is_no_image_is_refused_by_its_type(string file, string type) =>
        Assert.Contains(type, Assert.Throws<FailedException>(() => FileSource.Open(file)).Message, StringComparison.Ordinal);

    [Fact]
    public void holes_are_known()
    {
        using (FileStream stream = File.Create(path))
        {
            stream.SetLength(10 << 20);
            stream.Position = 4 << 20;
            stream.Write(new byte[65536]);
        }
        using FileSource source = FileSource.Open(path);
        Extent[] extents = [.. source.Extents(0, source.Length)];
        Assert.Equal(source.Length, extents.Sum(e => e.Length));
        Assert.Contains(extents, e => e.Kind == ExtentKind.Hole && e.Length > 1 << 20);
        Assert.Contains(extents, e => e.Kind == ExtentKind.Data && e.Offset <= 4 << 20 && e.Offset + e.Length >= (4 << 20) + 65536);
    }

    [Fact]
    public void an_image_that_became_shorter_is_unreadable_there_and_not_a_hole()
    {
        File.WriteAllBytes(path, new byte[1 << 20]);
        using FileSource source = FileSource.Open(path);
        using (FileStream stream = File.OpenWrite(path))
            stream.SetLength(4096);
        UnreadableException error = Assert.Throws<UnreadableException>(() => source.Read(0, new byte[8192]));
        Assert.Equal((4096, 4096), (error.Offset, error.Length));
        Assert.DoesNotContain(source.Extents(0, source.Length), e => e.Kind == ExtentKind.Hole);
    }

    [Fact]
    public void a_read_beyond_the_end_is_refused()
    {
        File.WriteAllBytes(path, new byte[100]);
        using FileSource source = FileSource.Open(path);
        Assert.Throws<UnreadableException>(() => source.Read(99, new byte[2]));
        Assert.Equal(ExtentKind.Unreadable, source.Extents(50, 100).Last().Kind);
    }
}
