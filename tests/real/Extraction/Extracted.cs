using System.Collections.Concurrent;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Extraction;

/// <summary>Runs an extraction from an image and keeps what it told.</summary>
internal sealed class Extracted
{
    private Extracted(ExtractionResult result, IReadOnlyList<Event> events) => (Result, Events) = (result, events);

    public ExtractionResult Result { get; }

    public IReadOnlyList<Event> Events { get; }

    public string Told => string.Join("\n", Events.Where(e => e is not Progressed));

    public static Extracted From(
        string image, string path, string destination, ExtractionOptions? options = null, CancellationToken? cancelled = null)
    {
        using FileSource source = FileSource.Open(image);
        return From(source, path, destination, options, cancelled);
    }

    public static Extracted From(
        BlockDevice device, string path, string destination, ExtractionOptions? options = null, CancellationToken? cancelled = null)
    {
        var tree = new FileTree(ExtFileSystem.Open(device, new ExtOpenOptions()));
        var events = new ConcurrentQueue<Event>();
        var extraction = new FileSystems.Extraction.Extraction(events.Enqueue, options ?? new() { Recursive = true }, cancelled ?? CancellationToken.None);
        ExtractionResult result = extraction.Run([new(tree, ByteString.FromText(path))], destination);
        return new(result, [.. events]);
    }

    /// <summary>Names that only unfinished work has.</summary>
    public static string LeftOvers(string folder) => Shell.Run("find", folder, "-name", ".jumpbag-*");
}
