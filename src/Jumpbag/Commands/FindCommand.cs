using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Listing;
using Jumpbag.Finding;

namespace Jumpbag.Commands;

/// <summary>jumpbag find LOCATOR… TESTS, with find(1)'s words; all tests must hold.</summary>
public static class FindCommand
{
    private static readonly Argument<string[]> Locators = new("locator") { Arity = ArgumentArity.OneOrMore, Description = "where to start, such as disk.img:/var" };
    private static readonly Option<string[]> Name = new("-name") { HelpName = "GLOB", Description = "the name matches, such as '*.sql'" };
    private static readonly Option<string[]> IName = new("-iname") { HelpName = "GLOB", Description = "the same, without regard to case" };
    private static readonly Option<string[]> PathGlob = new("-path") { HelpName = "GLOB", Description = "the whole path matches" };
    private static readonly Option<string> Type = new("-type") { HelpName = "f|d|l|b|c|p|s", Description = "of this type (several with commas)" };
    private static readonly Option<string[]> Size = new("-size") { HelpName = "[+-]N[ckMG]", Description = "this large, larger (+), smaller (-); without a letter in blocks of 512 bytes" };
    private static readonly Option<string[]> MTime = new("-mtime") { HelpName = "[+-]DAYS", Description = "changed this many days ago, longer ago (+), more recently (-)" };
    private static readonly Option<string[]> Newer = new("-newer") { HelpName = "FILE", Description = "changed after this file: /PATH of the disk, PATH of this machine, or a locator" };
    private static readonly Option<int?> MaxDepth = new("-maxdepth") { HelpName = "N", Description = "at most so far below the start" };
    private static readonly Option<int?> MinDepth = new("-mindepth") { HelpName = "N", Description = "at least so far below the start" };
    private static readonly Option<bool> XDev = new("-xdev") { Description = "stay on the filesystem of the start" };
    private static readonly Option<bool> Print0 = new("-print0") { Description = "end each path with a NUL instead of a newline, its bytes as they are" };
    private static readonly Option<bool> LongList = new("-ls") { Description = "as ls -il shows them" };

    public static Command Make()
    {
        var command = new Command("find") { Locators, Name, IName, PathGlob, Type, Size, MTime, Newer, MaxDepth, MinDepth, XDev, Print0, LongList, CommonOptions.Json };
        command.Reads(Run);
        return command;
    }

    private static int Run(Reading reading)
    {
        ParseResult parsed = reading.Parsed;
        using var json = reading.Json ? new JsonListing(reading.Out) : null;
        foreach (string locator in parsed.GetRequiredValue(Locators))
            Find(reading.Places.Open(locator));
        return reading.Session.Status;

        void Find(Place place)
        {
            PathDamageSink damaged = reading.Damaged(place);
            List<Func<Visit, bool>> tests = Tests(reading, place);
            Owners owners = json is null && !reading.Has(LongList) ? Owners.Numeric : Owners.Of(place.Tree);
            var style = new ListingStyle { Long = true, Inode = true, Owners = owners };
            TreeNode start = reading.Lookup(place, followLast: place.Path.Span.EndsWith("/"u8));
            var walk = new TreeWalk(place.Tree, start, place.Path, damaged)
            {
                MaximumDepth = parsed.GetValue(MaxDepth) ?? int.MaxValue,
                StayOn = reading.Has(XDev) ? start.FileSystem : null,
            };
            int least = parsed.GetValue(MinDepth) ?? 0;
            while (walk.Next(out Visit file))
            {
                if (file.Kind == VisitKind.Leave || file.Depth < least || !tests.TrueForAll(test => test(file)))
                    continue;
                if (json is not null)
                    json.Add(place, file, owners, damage => damaged(file.Path, damage));
                else if (reading.Has(LongList))
                    new TextListing(style, reading.Out, damaged).Write([file], path => place.Show(path));
                else
                    Print(place, file.Path);
            }
        }

        void Print(Place place, ByteString path)
        {
            if (!reading.Has(Print0))
            {
                reading.Out.WriteLine(place.Show(path));
                return;
            }
            reading.Out.Write(ByteString.FromArgument(place.Prefix).Span);
            reading.Out.Write(":"u8);
            reading.Out.Write(path.Span);
            reading.Out.Write("\0"u8);
        }
    }

    private static List<Func<Visit, bool>> Tests(Reading reading, Place place)
    {
        ParseResult parsed = reading.Parsed;
        var tests = new List<Func<Visit, bool>>();
        foreach ((Option<string[]> option, bool ignoreCase, bool wholePath) in new[] { (Name, false, false), (IName, true, false), (PathGlob, false, true) })
            foreach (string pattern in parsed.GetValue(option) ?? [])
            {
                var glob = new Glob(ByteString.FromArgument(pattern), ignoreCase);
                tests.Add(file => glob.Matches(wholePath ? file.Path.Span : file.Name.Span[(file.Name.Span.LastIndexOf((byte)'/') + 1)..]));
            }
        if (parsed.GetValue(Type) is { } types)
        {
            string letters = string.Concat(types.Split(',').Select(type => type.Length == 1 && "fdlbcps".Contains(type[0], StringComparison.Ordinal) ? type
                : throw new UsageException($"-type {type}: not a type", "f file, d directory, l link, b and c devices, p fifo, s socket")));
            tests.Add(file => letters.Contains(ModeText.Letter(file.Node.Node.Type).Replace('-', 'f')[0], StringComparison.Ordinal));
        }
        foreach (string size in parsed.GetValue(Size) ?? [])
            tests.Add(FindTests.Size(size));
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        foreach (string days in parsed.GetValue(MTime) ?? [])
            tests.Add(FindTests.ModifiedDaysAgo(days, now));
        foreach (string reference in parsed.GetValue(Newer) ?? [])
        {
            Timestamp than = FindTests.ReferenceTime(reference, place, reading.Places);
            tests.Add(file => file.Node.Node.Modified > than);
        }
        return tests;
    }
}
