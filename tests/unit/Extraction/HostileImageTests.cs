using System.Collections.Concurrent;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Extraction;

/// <summary>What an image may claim, and what must come of it.</summary>
public sealed class HostileImageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ScriptedFileSystem image = new();
    private readonly ConcurrentQueue<Event> events = new();

    public void Dispose() => folder.Dispose();

    private ExtractionResult Extract(string to = "copy", string path = "/", ExtractionOptions? options = null) =>
        new FileSystems.Extraction.Extraction(events.Enqueue, options ?? new() { Recursive = true }, TestContext.Current.CancellationToken)
            .Run([new(new FileTree(image), ByteString.FromText(path))], folder.File(to));

    private string Read(string name) => File.ReadAllText(folder.File(name));

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../escaped")]
    [InlineData("/tmp/escaped")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    [InlineData("")]
    public void a_name_that_leads_elsewhere_is_damage_and_nothing_is_made_of_it(string name)
    {
        image.Make(10, FileType.Regular, "evil").Make(11, FileType.Directory).Make(12, FileType.Regular, "good")
            .Name(2, name, 10).Name(2, name, 11, FileType.Directory).Name(2, "good", 12).Name(11, "inner", 10);
        ExtractionResult result = Extract();
        Assert.Equal(2, events.OfType<FileDamaged>().Count());
        Assert.False(result.IsComplete);
        Assert.Equal(["copy"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
        Assert.Equal(["good"], Directory.GetFileSystemEntries(folder.File("copy")).Select(Path.GetFileName));
    }

    [Fact]
    public void a_path_through_a_symbolic_link_of_the_image_stays_inside()
    {
        Directory.CreateDirectory(folder.File("outside"));
        image.Make(10, FileType.SymbolicLink, folder.File("outside")).Make(11, FileType.Directory).Make(12, FileType.Regular, "evil")
            .Name(2, "x", 10).Name(2, "x", 11, FileType.Directory).Name(11, "evil", 12);
        Extract();
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("outside")));
        Assert.NotEmpty(events.OfType<FileFailed>());
    }

    [Fact]
    public void a_circle_of_directories_ends_and_is_told()
    {
        image.Make(10, FileType.Directory).Make(11, FileType.Directory).Make(12, FileType.Regular, "good")
            .Name(2, "a", 10).Name(10, "b", 11).Name(11, "a", 10).Name(11, "root", 2, FileType.Directory).Name(11, "good", 12);
        ExtractionResult result = Extract();
        Assert.Equal(2, result.Damaged);
        Assert.Equal("good", Read("copy/a/b/good"));
    }

    [Fact]
    public void an_entry_that_lies_about_its_type_is_taken_for_what_the_inode_says()
    {
        image.Make(10, FileType.Directory).Make(11, FileType.Regular, "one").Make(12, FileType.Regular, "two")
            .Name(2, "dir", 10, FileType.Regular).Name(10, "inner", 11).Name(2, "file", 12, FileType.Directory);
        Extract();
        Assert.Equal(("one", "two"), (Read("copy/dir/inner"), Read("copy/file")));
    }

    [Fact]
    public void an_inode_that_is_not_there_is_told_and_the_rest_delivered()
    {
        image.Make(12, FileType.Regular, "good").Name(2, "gone", 99).Name(2, "good", 12).Name(2, "gone too", 98, FileType.Directory);
        Assert.Equal(2, Extract().Damaged);
        Assert.Equal("good", Read("copy/good"));
    }

    [Fact]
    public void content_that_is_refused_makes_no_file()
    {
        image.Refusal = "encrypted";
        image.Make(12, FileType.Regular, "secret").Name(2, "secret", 12);
        Assert.Equal(1, Extract().Damaged);
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("copy")));
    }

    [Fact]
    public void a_link_count_that_lies_does_no_harm()
    {
        image.Make(12, FileType.Regular, "same", links: 2).Name(2, "a", 12).Name(2, "b", 12).Name(2, "c", 12)
            .Make(13, FileType.Regular, "alone", links: 60000).Name(2, "d", 13);
        Assert.True(Extract().Failed == 0);
        Assert.Equal(("same", "same", "same", "alone"), (Read("copy/a"), Read("copy/b"), Read("copy/c"), Read("copy/d")));
    }

    [Fact]
    public void a_copy_goes_where_cp_would_put_it()
    {
        image.Make(10, FileType.Directory).Name(2, "home", 10, FileType.Directory).Make(11, FileType.Regular, "x").Name(10, "f", 11);
        Extract("absent", "/home");
        Assert.Equal("x", Read("absent/f"));
        Extract("absent", "/home");
        Assert.Equal("x", Read("absent/home/f"));
        Directory.CreateDirectory(folder.File("there"));
        Extract("there", "/");
        Assert.Equal("x", Read("there/home/f"));
        Extract("single", "/home/f", new());
        Assert.Equal("x", Read("single"));
        Assert.Throws<FailedException>(() => Extract("no/such/parent", "/home/f"));
        Assert.Throws<NotFoundException>(() => Extract("z", "/nothing"));
    }
}
