using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.FileSystems.Tar;

/// <summary>
/// Writes trees of files as one archive in the pax format (POSIX.1-2001) with the extensions of GNU tar and star that GNU tar
/// and libarchive read: sparse files, extended attributes, access control lists.
/// </summary>
public sealed class TarWriter : IDisposable
{
    private readonly TarOutput output;
    private readonly TarMembers members;
    private readonly TarContent content;
    private readonly HardLinks links = new();
    private readonly EventSink events;
    private readonly CancellationToken cancelled;
    private readonly ProgressTimer progress;
    private readonly List<Member> waiting = [];
    private bool? inDiskOrder;
    private long files, bytes;
    private int sockets;

    /// <param name="sink">Takes the archive, on a thread of its own; what it throws comes out of <see cref="Add"/> or <see cref="Finish"/>.</param>
    /// <param name="events">Progress after the first second, and at the end what could not be kept.</param>
    /// <param name="count">What is to come in all; without it the progress has no end.</param>
    public TarWriter(ContentSink sink, EventSink events, TreeCount? count = null, CancellationToken cancelled = default)
    {
        this.events = events;
        this.cancelled = cancelled;
        output = new(sink);
        members = new(output);
        content = new(output, Read);
        progress = new("archiving", count, events, () => (Interlocked.Read(ref files), Interlocked.Read(ref bytes)));
    }

    /// <summary>A file by its path in the tree and by its name in the archive.</summary>
    private readonly record struct Member(ByteString Path, TreeNode File, ByteString Name);

    /// <summary>Whether the files of a directory come in the order in which they lie on the disk; null: where it is a rotating one.</summary>
    public bool? InDiskOrder
    {
        init => inDiskOrder = value;
    }

    /// <summary>Told of each member, by the name that it has in the archive.</summary>
    public Action<ByteString>? Listed { get; init; }

    /// <summary>
    /// Adds a directory with all below it, as "./" and names that begin so, or a single file under its own name. What
    /// cannot be read is told with its path in the tree.
    /// </summary>
    public void Add(TreeStart start, PathDamageSink damaged)
    {
        inDiskOrder ??= DiskOrder.IsWorthIt([start.Tree]);
        int above = start.Node.Node.Type == FileType.Directory ? start.Path.Span.TrimEnd((byte)'/').Length : start.Path.Span.LastIndexOf((byte)'/') + 1;
        var walk = new TreeWalk(start.Tree, start.Node, start.Path, damaged);
        while (walk.Next(out Visit visit))
        {
            cancelled.ThrowIfCancellationRequested();
            if (visit.Kind == VisitKind.Leave)
                continue;
            ByteString at = visit.Path;
            var member = new Member(at, visit.Node, Name(at, visit.Node, start.Node, above));
            if (visit.Kind == VisitKind.Enter)
            {
                // Whoever unpacks takes a directory for finished once another one comes.
                AddWaiting(damaged);
                Add(member, damaged);
            }
            else if (inDiskOrder != true)
            {
                Add(member, damaged);
            }
            else
            {
                waiting.Add(member);
                if (waiting.Count == DiskOrder.Window)
                    AddWaiting(damaged);
            }
        }
        AddWaiting(damaged);
    }

    private void AddWaiting(PathDamageSink damaged)
    {
        if (waiting.Count == 0)
            return;
        DiskOrder.Sort(waiting, static member => member.File);
        foreach (Member member in waiting)
            Add(member, damaged);
        waiting.Clear();
    }

    private void Add(Member member, PathDamageSink damaged)
    {
        cancelled.ThrowIfCancellationRequested();
        var runs = new DamageRuns(damage => damaged(member.Path, damage));
        Add(member, runs.Add);
        runs.Flush();
        Interlocked.Increment(ref files);
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

    public void Dispose()
    {
        progress.Dispose();
        output.Dispose();
    }

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

    private void Add(in Member member, DamageSink damage)
    {
        (_, TreeNode file, ByteString name) = member;
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
        Listed?.Invoke(name);
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
        Interlocked.Add(ref bytes, count);
    }
}
