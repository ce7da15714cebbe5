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
        command.Reads(Run);
        return command;
    }

    private static int Run(Reading reading)
    {
        using var json = reading.Json ? new JsonListing(reading.Out) : null;
        string[] locators = reading.Parsed.GetRequiredValue(Locators);
        bool headings = locators.Length > 1 || reading.Has(Recursive);
        bool first = true;
        Comparison<Visit>? order = Order(reading);
        int status = ExitStatus.Done;
        foreach (string locator in locators)
        {
            try
            {
                List(reading.Places.Open(locator));
            }
            catch (NotFoundException e) when (locators.Length > 1)
            {
                reading.Session.Events(new Warning(e.Message, e.Hint));
                status = ExitStatus.Failed;
            }
        }
        return Math.Max(status, reading.Session.Status);

        void List(Place place)
        {
            bool longFormat = IsLong(reading);
            bool itself = reading.Has(DirectoryItself);
            TreeNode start = reading.Lookup(place, followLast: !(longFormat || itself) || place.Path.Span.EndsWith("/"u8));
            var style = new ListingStyle
            {
                Long = longFormat,
                Human = reading.Has(Human),
                Inode = reading.Has(Inode),
                Classify = reading.Has(Classify),
                FullTime = reading.Has(FullTime),
                Escaped = reading.Has(Escape) || Screen.IsTerminal(1),
                Columns = !reading.Has(OnePerLine) && !longFormat && Screen.IsTerminal(1) ? Screen.Width() : null,
                Owners = reading.Has(Numeric) ? Owners.Numeric : Owners.Of(place.Tree),
            };
            if (itself || start.Node.Type != FileType.Directory)
            {
                Show(place, style, [Visit.Of(place.Path, start)], named: true);
                return;
            }
            ListDirectory(place, style, new(place.Tree, start, place.Path, reading.Damaged(place))
            {
                MaximumDepth = reading.Has(Recursive) ? int.MaxValue : 1,
                ListsDirectories = true,
                Order = order,
            });
        }

        // Each directory whole before those in it, as ls -R does; one with more subdirectories than the walk keeps comes in parts.
        void ListDirectory(Place place, ListingStyle style, TreeWalk walk)
        {
            WalkDirectory? listed = null;
            var part = new List<Visit>();
            while (walk.Next(out Visit visit))
            {
                if (visit.Kind == VisitKind.Leave)
                    continue;
                if (visit.Kind == VisitKind.Enter && visit.Depth > 0 && !IsShown(visit.Name))
                {
                    walk.Skip();
                    continue;
                }
                if (visit.Directory != listed)
                {
                    Show(place, style, part, named: false);
                    listed = visit.Directory!;
                    if (headings && json is null)
                    {
                        reading.Out.WriteLine((first ? "" : "\n") + place.Show(listed.Path) + ":");
                        first = false;
                    }
                }
                if (visit.Kind == VisitKind.Enter)
                    part.AddRange(Dots(place, visit));
                else if (IsShown(visit.Name))
                    part.Add(visit);
                if (part.Count >= MostSorted)
                    Show(place, style, part, named: false);
            }
            Show(place, style, part, named: false);
        }

        IEnumerable<Visit> Dots(Place place, Visit directory)
        {
            if (!reading.Has(All) || json is not null)
                yield break;
            yield return Visit.Of(ByteString.FromText("."), directory.Node);
            if (place.Tree.TryLookup(directory.Path.Join(ByteString.FromText(".."))) is { } parent)
                yield return Visit.Of(ByteString.FromText(".."), parent);
        }

        void Show(Place place, ListingStyle style, List<Visit> files, bool named)
        {
            if (order is not null)
                files.Sort(order);
            if (json is not null)
                foreach (Visit file in files)
                    json.Add(place, file, style.Owners, damage => reading.Damaged(place)(file.Path, damage));
            else
                new TextListing(style, reading.Out, reading.Damaged(place)).Write(files, named ? path => place.Show(path) : null);
            files.Clear();
        }

        bool IsShown(ByteString name) => reading.Has(All) || reading.Has(AlmostAll) || json is not null || name.Span[0] != (byte)'.';
    }

    private static bool IsLong(Reading reading) => reading.Has(Long) || reading.Has(Numeric) || reading.Has(FullTime);

    /// <summary>Null: as they stand on the disk.</summary>
    private static Comparison<Visit>? Order(Reading reading)
    {
        if (reading.Has(Unsorted))
            return null;
        Comparison<Visit> byName = (a, b) => a.Name.CompareTo(b.Name);
        Comparison<Visit> order = reading.Has(BySize) ? (a, b) => Then(b.Node.Node.Size.CompareTo(a.Node.Node.Size), byName(a, b))
            : reading.Has(ByTime) ? (a, b) => Then(b.Node.Node.Modified.CompareTo(a.Node.Node.Modified), byName(a, b))
            : byName;
        return reading.Has(Reverse) ? (a, b) => order(b, a) : order;
    }

    private static int Then(int first, int second) => first != 0 ? first : second;
}
