using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;

namespace Jumpbag.Commands;

/// <summary>jumpbag cat LOCATOR…</summary>
public static class CatCommand
{
    public static Command Make()
    {
        var locators = new Argument<string[]>("locator") { Arity = ArgumentArity.OneOrMore, Description = "files to write, such as disk.img:/etc/fstab" };
        var command = new Command("cat") { locators };
        command.Reads(reading =>
        {
            foreach (string locator in reading.Parsed.GetRequiredValue(locators))
                Cat(reading.Places.Open(locator), reading);
            return reading.Session.Status;
        });
        return command;
    }

    private static void Cat(Place place, Reading reading)
    {
        TreeNode file = reading.Lookup(place);
        if (file.Node.Type == FileType.Directory)
            throw new FailedException($"{place}: is a directory", "'jumpbag ls' lists it, 'jumpbag tar' writes all that is in it");
        if (file.Node.Type != FileType.Regular)
            throw new FailedException($"{place}: is not a regular file");
        ContentReader.Copy(file, reading.Out.Write, damage => reading.Damaged(place)(place.Path, damage));
    }
}
