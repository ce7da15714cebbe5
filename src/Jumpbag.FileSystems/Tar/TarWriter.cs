using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.FileSystems.Tar;

/// <summary>
/// Writes trees of files as one archive in the pax format (POSIX.1-2001) with the extensions of GNU tar and star that GNU tar
/// and libarchive read: sparse files, extended attributes, access control lists.
/// </summary>
public sealed class TarWriter : IDisposable
{
    private static readonly TimeSpan FirstProgress = TimeSpan.FromSeconds(1), BetweenProgress = TimeSpan.FromMilliseconds(200);

    private readonly TarOutput output;
    private readonly TarMembers members;
    private readonly TarContent content;
    private readonly HardLinks links = new();
    private readonly EventSink events;
    private readonly CancellationToken cancelled;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan nextProgress = FirstProgress;
    private long files, bytes, sockets;

    /// <param name="sink">Takes the archive, on a thread of its own; what it throws comes out of <see cref="Add"/> or <see cref="Finish"/>.</param>
    /// <param name="events">Progress after the first second, and at the end what could not be kept.</param>
    public TarWriter(ContentSink sink, EventSink events, CancellationToken cancelled = default)
    {
        this.events = events;
        this.cancelled = cancelled;
        output = new(sink);
        members = new(output);
        content = new(output, Read);
    }

    /// <summary>Told of each member, by the name that it has in the archive.</summary>
    public Action<ByteString>? Listed { get; init; }

    /// <summary>What is to come in all, once it is known.</summary>
    public Func<(long Files, long Bytes)?> Totals { get; init; } = () => null;

    /// <summary>
    /// Adds a directory with all below it, as "./" and names that begin so, or a single file under its own name. What
    /// cannot be read is told with its path in the tree.
    /// </summary>
    public void Add(FileTree tree, ByteString path, TreeNode start, PathDamageSink damaged)
    {
        int above = start.Node.Type == FileType.Directory ? path.Span.TrimEnd((byte)'/').Length : path.Span.LastIndexOf((byte)'/') + 1;
        var walk = new TreeWalk(tree, start, path, damaged);
        while (walk.Next(out Visit visit))
        {
            cancelled.ThrowIfCancellationRequested();
            if (visit.Kind == VisitKind.Leave)
                continue;
            ByteString at = visit.Path;
            Add(visit.Node, Name(at, visit.Node, start, above), damage => damaged(at, damage));
        }
    }

    /// <summary>Ends the archive; returns when all of it is written.</summary>
    public void Finish()
    {
        output.Finish();
        if (sockets > 0)
            events(new Warning($"{sockets} {(sockets == 1 ? "socket was" : "sockets were")} left out: an archive cannot hold them"));
        if (links.Overflowed)
            events(new Warning("there were more hard links than are kept in mind: some files are in the archive more than once"));
    }

    public void Dispose() => output.Dispose();

    private static ByteString Name(ByteString path, in TreeNode file, in TreeNode start, int above)
    {
        ReadOnlySpan<byte> below = path.Span[above..];
        if (start.Node.Type != FileType.Directory)
            return new(below);
        below = below.Trim((byte)'/');
        bool directory = file.Node.Type == FileType.Directory && !below.IsEmpty;
        var name = new byte[2 + below.Length + (directory ? 1 : 0)];
        name[^1] = (byte)'/';
        "./"u8.CopyTo(name);
        below.CopyTo(name.AsSpan(2));
        return ByteString.Own(name);
    }

    private void Add(TreeNode file, ByteString name, DamageSink damage)
    {
        Node node = file.Node;
        if (node.Type == FileType.Socket)
        {
            sockets++;
            return;
        }
        try
        {
            if (node.Type != FileType.Directory && links.Find(file) is { } first)
            {
                members.Write(TarType.HardLink, name.Span, node, target: first.Span);
            }
            else
            {
                AddFirst(file, name, damage);
                if (node.Type != FileType.Directory)
                    links.Add(file, name);
            }
        }
        catch (JumpbagException e) when (e is UnsupportedException or CorruptException or UnreadableException or NotFoundException)
        {
            damage(new($"{e.Message}; left out"));
            members.Records.Clear();
            return;
        }
        files++;
        Listed?.Invoke(name);
        Progress();
    }

    /// <summary>Nothing of a member is written before all that can refuse it is known.</summary>
    private void AddFirst(in TreeNode file, ByteString name, DamageSink damage)
    {
        switch (file.Node.Type)
        {
            case FileType.Regular:
                SparseMap plan = content.Plan(file, damage);
                AddAttributes(file, damage);
                AddRegular(file, name, plan, damage);
                return;
            case FileType.SymbolicLink:
                ByteString target = file.FileSystem.ReadLink(file.Node, damage);
                if (target.IsEmpty || target.Span.Contains((byte)0))
                    throw new CorruptException($"inode {file.Node.Inode}: \"{target}\" cannot be the target of a symbolic link");
                AddAttributes(file, damage);
                members.Write(TarType.SymbolicLink, name.Span, file.Node, target: target.Span);
                return;
            default:
                TarType type = file.Node.Type switch
                {
                    FileType.Directory => TarType.Directory,
                    FileType.CharacterDevice => TarType.CharacterDevice,
                    FileType.BlockDevice => TarType.BlockDevice,
                    FileType.Fifo => TarType.Fifo,
                    _ => throw new CorruptException($"inode {file.Node.Inode}: a file of no known type"),
                };
                AddAttributes(file, damage);
                members.Write(type, name.Span, file.Node);
                return;
        }
    }

    private void AddRegular(in TreeNode file, ByteString name, SparseMap plan, DamageSink damage)
    {
        if (!plan.HasHoles)
        {
            members.Write(TarType.Regular, name.Span, file.Node, plan.DataLength);
        }
        else
        {
            members.Records.Add("GNU.sparse.major"u8, 1);
            members.Records.Add("GNU.sparse.minor"u8, 0);
            members.Records.Add("GNU.sparse.name"u8, name.Span);
            members.Records.Add("GNU.sparse.realsize"u8, file.Node.Size);
            members.Write(TarType.Regular, TarMembers.StandIn("./GNUSparseFile.0/"u8, name.Span), file.Node, plan.MapLength() + plan.DataLength);
            plan.Write(output);
        }
        content.Write(file, plan, damage);
    }

    private void AddAttributes(in TreeNode file, DamageSink damage)
    {
        foreach (ExtendedAttribute attribute in file.FileSystem.ExtendedAttributes(file.Node, damage))
        {
            ReadOnlySpan<byte> name = attribute.Name.Span, value = attribute.Value.Span;
            if (name.SequenceEqual("system.posix_acl_access"u8))
                AddAcl("SCHILY.acl.access"u8, attribute, damage);
            else if (name.SequenceEqual("system.posix_acl_default"u8))
                AddAcl("SCHILY.acl.default"u8, attribute, damage);
            else if (name.Contains((byte)0))
                damage(new($"attribute {attribute.Name}: no attribute can have this name; left out"));
            else
                members.Records.AddAttribute(name, value);
        }
    }

    private void AddAcl(ReadOnlySpan<byte> keyword, in ExtendedAttribute attribute, DamageSink damage)
    {
        if (AclText.Format(attribute.Value.Span) is { } text)
            members.Records.Add(keyword, text);
        else
            damage(new($"attribute {attribute.Name}: no access control list; left out"));
    }

    private void Read(long count)
    {
        cancelled.ThrowIfCancellationRequested();
        bytes += count;
        Progress();
    }

    private void Progress()
    {
        TimeSpan now = clock.Elapsed;
        if (now < nextProgress)
            return;
        nextProgress = now + BetweenProgress;
        (long Files, long Bytes)? totals = Totals();
        events(new Progressed(new("tar", files, totals?.Files, bytes, totals?.Bytes, now)));
    }
}
