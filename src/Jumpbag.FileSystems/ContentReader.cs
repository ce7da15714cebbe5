using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems;

/// <summary>Takes the next bytes of a file.</summary>
public delegate void ContentSink(ReadOnlySpan<byte> bytes);

/// <summary>Reads the whole of a file in order. What cannot be read is told as damage and comes as zeros, so that all else stays in its place.</summary>
public static class ContentReader
{
    /// <summary>The finest piece tried when a larger read fails: a sector of a disk of today, and a power of two of an older one's.</summary>
    private const int SmallestPiece = 512;

    public static void Copy(TreeNode file, ContentSink sink, DamageSink damage)
    {
        int request = file.FileSystem.Device.RequestSize;
        var buffer = new byte[(int)Math.Clamp(file.Node.Size, 1, request)];
        var runs = new DamageRuns(damage);
        try
        {
            foreach (FileExtent extent in file.FileSystem.Extents(file.Node, 0, runs.Add))
            {
                for (long at = extent.Offset; at < extent.Offset + extent.Length;)
                {
                    // Up to a round place on the device, so that the chunks of a thin volume or an array are not read in two parts.
                    long onDevice = at - extent.Offset + extent.DeviceOffset, round = request - (onDevice % request);
                    Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(Math.Min(buffer.Length, round), extent.Offset + extent.Length - at));
                    ReadAround(file.FileSystem, extent, at, piece, runs.Add);
                    sink(piece);
                    at += piece.Length;
                }
            }
        }
        finally
        {
            runs.Flush();
        }
    }

    /// <summary>Fills <paramref name="destination"/> from within one extent; unreadable sectors come as zeros, each run of them told once.</summary>
    public static void ReadAround(FileSystem fileSystem, in FileExtent extent, long offset, Span<byte> destination, DamageSink damage)
    {
        try
        {
            fileSystem.Read(extent, offset, destination);
            return;
        }
        catch (UnreadableException e) when (extent.Kind == FileExtentKind.Unreadable)
        {
            destination.Clear();
            damage(new(e.Reason, offset, destination.Length));
            return;
        }
        catch (UnreadableException)
        {
            // Read again in small pieces, to lose no more than what is bad.
        }
        long badFrom = -1, shift = extent.DeviceOffset - extent.Offset;
        string reason = "";
        foreach (Extent behind in fileSystem.Device.Extents(offset + shift, destination.Length))
        {
            long end = behind.Offset - shift + behind.Length;
            for (long at = behind.Offset - shift; at < end;)
            {
                // What is known to be missing is passed over whole; what merely failed is tried sector by sector.
                long length = behind.Kind == ExtentKind.Unreadable ? end - at : Math.Min(end - at, SmallestPiece - (at + shift) % SmallestPiece);
                Span<byte> piece = destination.Slice((int)(at - offset), (int)length);
                string? failure = behind.Kind == ExtentKind.Unreadable ? behind.Reason ?? "unreadable" : TryRead(fileSystem, extent, at, piece);
                if (failure is null)
                {
                    Tell(at);
                }
                else
                {
                    piece.Clear();
                    if (badFrom >= 0 && failure != reason)
                        Tell(at);
                    reason = failure;
                    badFrom = badFrom < 0 ? at : badFrom;
                }
                at += length;
            }
        }
        Tell(offset + destination.Length);

        void Tell(long end)
        {
            if (badFrom >= 0)
                damage(new(reason, badFrom, end - badFrom));
            badFrom = -1;
        }
    }

    private static string? TryRead(FileSystem fileSystem, in FileExtent extent, long offset, Span<byte> destination)
    {
        try
        {
            fileSystem.Read(extent, offset, destination);
            return null;
        }
        catch (UnreadableException e)
        {
            return e.Reason;
        }
    }
}
