using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Listing;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag ls LOCATOR…, with ls(1)'s letters.</summary>
public static class LsCommand
{
    /// <summary>Entries that are sorted at once; a directory with more is sorted in pieces, so that memory stays bounded.</summary>
    private const int MostSorted = 1 << 15;

    private static readonly Argument<string[]> Locators = new("locator") { Arity = ArgumentArity.OneOrMore, Description = "disks, or places in them, such as disk.img:/etc" };
    private static readonly Option<bool> Long = new("-l") { Description = "long format" };
    private static readonly Option<bool> All = new("--all", "-a") { Description = "also names that begin with a dot, and . and .." };
    private static readonly Option<bool> AlmostAll = new("--almost-all", "-A") { Description = "like -a without . and .." };
    private static readonly Option<bool> Recursive = new("--recursive", "-R") { Description = "also what is in directories below" };
    private static readonly Option<bool> DirectoryItself = new("--directory", "-d") { Description = "directories themselves, not what is in them" };
    private static readonly Option<bool> Human = new("--human-readable", "-h") { Description = "sizes like 1.5K, 48G" };
    private static readonly Option<bool> Inode = new("--inode", "-i") { Description = "with inode numbers" };
    private static readonly Option<bool> Numeric = new("--numeric-uid-gid", "-n") { Description = "long format, with numbers instead of names of owners" };
    private static readonly Option<bool> OnePerLine = new("-1") { Description = "one name a line (the usual when not on a terminal)" };
    private static readonly Option<bool> BySize = new("-S") { Description = "largest first" };
    private static readonly Option<bool> ByTime = new("-t") { Description = "newest first" };
    private static readonly Option<bool> Unsorted = new("-U") { Description = "in the order in which they stand on the disk" };
    private static readonly Option<bool> Reverse = new("--reverse", "-r") { Description = "the other way round" };
    private static readonly Option<bool> Classify = new("--classify", "-F") { Description = "mark directories with /, links with @, programs with *" };
    private static readonly Option<bool> Escape = new("--escape", "-b") { Description = "C escapes for what cannot be printed (the usual on a terminal)" };
    private static readonly Option<bool> FullTime = new("--full-time") { Description = "long format, with times to the nanosecond" };

    public static Command Make()
    {
        var command = new Command("ls") { Locators, Long, All, AlmostAll, Recursive, DirectoryItself, Human, Inode, Numeric, OnePerLine, BySize, ByTime, Unsorted, Reverse, Classify, Escape, FullTime, CommonOptions.Json };
        command.AddReading();
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        using var places = new PlaceOpener(parsed.GetValue(CommonOptions.Disk) ?? [], !parsed.GetValue(CommonOptions.NoReplay), session.Events);
        using var json = parsed.GetValue(CommonOptions.Json) ? new JsonListing(session.Out) : null;
        string[] locators = parsed.GetRequiredValue(Locators);
        bool headings = locators.Length > 1 || parsed.GetValue(Recursive);
        bool first = true;
        int status = ExitStatus.Done;
        foreach (string locator in locators)
        {
            try
            {
                List(places.Open(locator));
            }
            catch (NotFoundException e) when (locators.Length > 1)
            {
                session.Events(new Warning(e.Message, e.Hint));
                status = ExitStatus.Failed;
            }
        }
        return Math.Max(status, session.Status);

        void List(Place place)
        {
            bool longFormat = IsLong(parsed);
            bool itself = parsed.GetValue(DirectoryItself);
            TreeNode start = place.Tree.Lookup(place.Path, followLast: !(longFormat || itself) || place.Path.Span.EndsWith("/"u8), damage => Damaged(place, place.Path, damage));
            var style = new ListingStyle
            {
                Long = longFormat,
                Human = parsed.GetValue(Human),
                Inode = parsed.GetValue(Inode),
                Classify = parsed.GetValue(Classify),
                FullTime = parsed.GetValue(FullTime),
                Escaped = parsed.GetValue(Escape) || Screen.IsTerminal(1),
                Columns = !parsed.GetValue(OnePerLine) && !longFormat && Screen.IsTerminal(1) ? Screen.Width() : null,
                Owners = parsed.GetValue(Numeric) ? Owners.Numeric : Owners.Of(place.Tree),
            };
            if (itself || start.Node.Type != FileType.Directory)
            {
                Show(place, style, [new(place.Path, start, 0)], named: true);
                return;
            }
            var walker = new TreeWalker(place.Tree, (path, damage) => Damaged(place, path, damage)) { MaximumDepth = parsed.GetValue(Recursive) ? int.MaxValue : 1 };
            ListDirectory(place, style, walker, new(place.Path, start, 0));
        }

        // Depth first, each directory whole before those in it, as ls -R does.
        void ListDirectory(Place place, ListingStyle style, TreeWalker walker, WalkedNode top)
        {
            var ahead = new Stack<WalkedNode>([top]);
            while (ahead.TryPop(out WalkedNode directory))
            {
                if (!walker.Enter(directory))
                    continue;
                if (headings && json is null)
                {
                    session.Out.WriteLine((first ? "" : "\n") + place.Show(directory.Path) + ":");
                    first = false;
                }
                var below = new List<WalkedNode>();
                var part = new List<WalkedNode>(Dots(place, directory));
                foreach (WalkedNode child in walker.Children(directory))
                {
                    if (!IsShown(child.Path))
                        continue;
                    part.Add(child);
                    if (parsed.GetValue(Recursive) && child.File.Node.Type == FileType.Directory)
                        below.Add(child);
                    if (part.Count < MostSorted)
                        continue;
                    Show(place, style, part, named: false);
                    part.Clear();
                }
                Show(place, style, part, named: false);
                Sort(below);
                for (int i = below.Count - 1; i >= 0; i--)
                    ahead.Push(below[i]);
            }
        }

        IEnumerable<WalkedNode> Dots(Place place, WalkedNode directory)
        {
            if (!parsed.GetValue(All) || json is not null)
                yield break;
            yield return directory with { Path = ByteString.FromText(".") };
            if (place.Tree.TryLookup(directory.Path.Join(ByteString.FromText(".."))) is { } parent)
                yield return new(ByteString.FromText(".."), parent, 0);
        }

        void Show(Place place, ListingStyle style, List<WalkedNode> files, bool named)
        {
            Sort(files);
            if (json is not null)
                foreach (WalkedNode file in files)
                    json.Add(place, file, style.Owners, damage => Damaged(place, file.Path, damage));
            else
                new TextListing(style, session.Out, (path, damage) => Damaged(place, path, damage)).Write(files, named ? path => place.Show(path) : null);
        }

        void Sort(List<WalkedNode> files)
        {
            if (parsed.GetValue(Unsorted))
                return;
            Comparison<WalkedNode> byName = (a, b) => a.Path.CompareTo(b.Path);
            Comparison<WalkedNode> order = parsed.GetValue(BySize) ? (a, b) => Then(b.File.Node.Size.CompareTo(a.File.Node.Size), byName(a, b))
                : parsed.GetValue(ByTime) ? (a, b) => Then(b.File.Node.Modified.CompareTo(a.File.Node.Modified), byName(a, b))
                : byName;
            files.Sort(order);
            if (parsed.GetValue(Reverse))
                files.Reverse();
        }

        bool IsShown(ByteString path) => parsed.GetValue(All) || parsed.GetValue(AlmostAll) || json is not null || path.Span[path.Span.LastIndexOf((byte)'/') + 1] != (byte)'.';

        void Damaged(Place place, ByteString path, Damage damage) => session.Events(new FileDamaged(place.Show(path), damage));
    }

    private static bool IsLong(ParseResult parsed) => parsed.GetValue(Long) || parsed.GetValue(Numeric) || parsed.GetValue(FullTime);

    private static int Then(int first, int second) => first != 0 ? first : second;
}
