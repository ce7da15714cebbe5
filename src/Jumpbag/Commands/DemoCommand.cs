using System.CommandLine;
using System.IO.Compression;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Storage;

namespace Jumpbag.Commands;

/// <summary>
/// jumpbag demo: unpacks the disk of a small virtual machine into a temporary folder and walks through the main job, each
/// step by the command that a person would type. It ends with a comparison, and fails where that does.
/// </summary>
public static class DemoCommand
{
    private static readonly Option<bool> KeepFolder = new("--keep") { Description = "leave the folder with the disk and the copies" };

    public static Command Make()
    {
        var command = new Command("demo") { KeepFolder };
        command.Runs((parsed, session) => Run(parsed.GetValue(KeepFolder), session));
        return command;
    }

    private static int Run(bool keep, Session session)
    {
        CancellationToken cancelled = session.CatchSignals();
        string folder = Directory.CreateTempSubdirectory("jumpbag-demo-").FullName, back = Environment.CurrentDirectory;
        try
        {
            string disk = Path.Combine(folder, "harddrive.img");
            Unpack(disk);
            Environment.CurrentDirectory = folder;
            Say(session, $"A disk copied from a running virtual machine: {disk}", "What is on it? One partition holds an LVM volume group, with two filesystems.");
            Step(session, "inspect", "harddrive.img");
            Say(session, "The root filesystem is found, the others are joined by its fstab. No mount, no offset, no root.");
            Step(session, "ls", "-l", "harddrive.img:/home/anna/letters");
            Say(session, "last-words.txt was written a moment before the copy and stands only in the journal. It is replayed in memory.");
            Step(session, "cat", "harddrive.img:/home/anna/letters/last-words.txt");
            Say(session, "Get Anna's files out, with owners, times, attributes and links.");
            cancelled.ThrowIfCancellationRequested();
            Step(session, "cp", "-r", "harddrive.img:/home/anna", "./rescued");
            Compare(session);
            CompareDisk(disk);
            session.Out.WriteLine("The disk image is, byte for byte, what it was before.");
            if (keep)
                session.Out.WriteLine($"Kept: {folder}");
            else
                session.Out.WriteLine("'jumpbag demo --keep' leaves the disk for you to try more; 'jumpbag --help' lists the commands.");
            return session.Status;
        }
        finally
        {
            Environment.CurrentDirectory = back;
            if (!keep)
                Remove(folder);
        }
    }

    private static void Say(Session session, params string[] lines)
    {
        session.Out.WriteLine();
        foreach (string line in lines)
            session.Out.WriteLine("# " + line);
        session.Out.Flush();
    }

    private static void Step(Session session, params string[] arguments)
    {
        session.Out.WriteLine("$ jumpbag " + string.Join(' ', arguments));
        session.Out.Flush();
        int status = Invocation.Run(arguments);
        if (status != ExitStatus.Done)
            throw new FailedException($"'jumpbag {string.Join(' ', arguments)}' ended with exit status {status}");
    }

    /// <summary>Reads each file of the disk again and compares it with its copy.</summary>
    private static void Compare(Session session)
    {
        int files = 0;
        Say(session, "Compare each copy with the disk.");
        using var places = new PlaceOpener([], true, _ => { });
        Place home = places.Open("harddrive.img:/home/anna");
        var walk = new TreeWalk(home.Tree, home.Tree.Lookup(home.Path), ByteString.FromText("rescued"), (path, damage) => throw new CorruptException($"{path}: {damage}"));
        while (walk.Next(out Visit found))
        {
            if (found.Node.Node.Type != FileType.Regular)
                continue;
            ByteString path = found.Path;
            using FileSource copy = FileSource.Open(path.ToArgument());
            long at = 0;
            ContentReader.Copy(found.Node, bytes =>
            {
                var copied = new byte[bytes.Length];
                copy.Read(at, copied);
                if (!bytes.SequenceEqual(copied))
                    throw new FailedException($"{path} differs from the disk");
                at += bytes.Length;
            }, damage => throw new CorruptException($"{path}: {damage}"));
            if (at != copy.Length)
                throw new FailedException($"{path} differs from the disk in its length");
            files++;
        }
        session.Out.WriteLine($"{files} files are equal.");
    }

    /// <summary>Also names that are not UTF-8, which .NET cannot.</summary>
    private static void Remove(string folder)
    {
        if (DirectoryHandle.Open(ByteString.FromText(Path.GetDirectoryName(folder)!), out DirectoryHandle? parent) != Errno.None)
            return;
        using (parent)
            parent!.RemoveTree(ByteString.FromText(Path.GetFileName(folder)).Span);
    }

    private static void Unpack(string disk)
    {
        using Stream unpacked = OpenPacked();
        using FileStream file = File.Create(disk);
        var block = new byte[64 * 1024];
        for (int count; (count = unpacked.ReadAtLeast(block, block.Length, throwOnEndOfStream: false)) > 0;)
        {
            // Zeros become holes, as a copied disk mostly has.
            if (block.AsSpan(0, count).ContainsAnyExcept((byte)0))
                file.Write(block, 0, count);
            else
                file.Seek(count, SeekOrigin.Current);
        }
        file.SetLength(file.Position);
    }

    private static void CompareDisk(string disk)
    {
        using Stream original = OpenPacked();
        using FileStream file = File.OpenRead(disk);
        byte[] expected = new byte[64 * 1024], found = new byte[64 * 1024];
        int count;
        do
        {
            count = original.ReadAtLeast(expected, expected.Length, throwOnEndOfStream: false);
            if (file.ReadAtLeast(found, found.Length, throwOnEndOfStream: false) != count || !expected.AsSpan(0, count).SequenceEqual(found.AsSpan(0, count)))
                throw new FailedException("the disk image is not what it was before");
        }
        while (count > 0);
    }

    private static GZipStream OpenPacked() => new(
        typeof(DemoCommand).Assembly.GetManifestResourceStream("demo-disk.img.gz") ?? throw new FailedException("the demo's disk is not in this build"), CompressionMode.Decompress);
}
