using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Tar;

/// <summary>
/// The content of regular files. What a file's extents say decides what its header promises; what is then found unreadable
/// comes as zeros and is told.
/// </summary>
internal sealed class TarContent(TarOutput output, Action<long> read)
{
    private readonly SparseMap plan = new();
    private readonly DeviceMap map = new();

    /// <summary>
    /// Finds out what of a file is to be written. Where bytes have no known place, or lie on a disk that is missing, there is
    /// nothing to read: that is told here, and left out like a hole.
    /// </summary>
    /// <exception cref="JumpbagException">There is nothing that could be written: it is encrypted.</exception>
    public SparseMap Plan(in TreeNode file, DamageSink damage)
    {
        plan.Clear(file.Node.Size);
        foreach (FileExtent extent in file.FileSystem.Extents(file.Node, 0, damage))
        {
            if (extent.Kind == FileExtentKind.Data && DeviceMap.MayMiss(file.FileSystem, extent.DeviceOffset, extent.Length))
                AddPresent(file.FileSystem, extent, damage);
            else if (extent.Kind is FileExtentKind.Data or FileExtentKind.Inline)
                plan.Add(extent.Offset, extent.Offset + extent.Length);
            else if (extent.Kind == FileExtentKind.Unreadable)
                damage(new(extent.Reason ?? "it is not known where these bytes are", extent.Offset, extent.Length));
        }
        return plan;
    }

    /// <summary>Only whole blocks of the archive can be left out; the ends of a missing range in between are found missing when they are read.</summary>
    private void AddPresent(FileSystem fileSystem, in FileExtent extent, DamageSink damage)
    {
        long shift = extent.DeviceOffset - extent.Offset, end = extent.Offset + extent.Length;
        for (long at = extent.Offset; at < end;)
        {
            Extent behind = map.Behind(fileSystem, at + shift, end - at);
            long until = at + behind.Length;
            if (behind.Kind == ExtentKind.Unreadable)
            {
                long from = at + (-at & (SparseMap.Unit - 1)), to = until == plan.FileSize ? until : until - until % SparseMap.Unit;
                if (from < to)
                {
                    damage(new(behind.Reason ?? "unreadable", from, to - from));
                    if (at < from)
                        plan.Add(at, from);
                    at = to;
                }
            }
            if (at < until)
                plan.Add(at, until);
            at = until;
        }
    }

    /// <summary>Writes exactly the ranges of the plan, whatever comes in between.</summary>
    public void Write(in TreeNode file, SparseMap plan, DamageSink damage)
    {
        output.PassOnEach(file.FileSystem.Device.RequestSize);
        using IEnumerator<FileExtent> extents = file.FileSystem.Extents(file.Node, 0, Told).GetEnumerator();
        FileExtent extent = default;
        foreach ((long start, long end) in plan.Ranges)
        {
            for (long at = start; at < end;)
            {
                while (at >= extent.Offset + extent.Length && MoveNext(extents, at, end, damage))
                    extent = extents.Current;
                bool covered = at >= extent.Offset && at < extent.Offset + extent.Length;
                long until = covered ? Math.Min(end, extent.Offset + extent.Length) : end;
                Span<byte> room = output.Room;
                Span<byte> piece = room[..(int)Math.Min(room.Length, until - at)];
                if (covered && extent.Kind is FileExtentKind.Data or FileExtentKind.Inline)
                    ContentReader.ReadAround(file.FileSystem, extent, at, piece, damage);
                else
                    piece.Clear();
                output.Advance(piece.Length);
                at += piece.Length;
                read(piece.Length);
            }
        }
        output.Pad();
    }

    /// <summary>The header is out already: what fails now becomes zeros.</summary>
    private static bool MoveNext(IEnumerator<FileExtent> extents, long at, long end, DamageSink damage)
    {
        try
        {
            return extents.MoveNext();
        }
        catch (JumpbagException e)
        {
            damage(new(e.Message, at, end - at));
            return false;
        }
    }

    private static void Told(Damage damage)
    {
        // The same extents were asked for by the plan, which told it.
    }
}
