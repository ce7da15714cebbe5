using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag cat LOCATOR…</summary>
public static class CatCommand
{
    public static Command Make()
    {
        var locators = new Argument<string[]>("locator") { Arity = ArgumentArity.OneOrMore, Description = "files to write, such as disk.img:/etc/fstab" };
        var command = new Command("cat") { locators };
        command.AddReading();
        command.Runs((parsed, session) =>
        {
            using var places = new PlaceOpener(parsed.GetValue(CommonOptions.Disk) ?? [], !parsed.GetValue(CommonOptions.NoReplay), session.Events);
            int status = ExitStatus.Done;
            foreach (string locator in parsed.GetRequiredValue(locators))
                status = Math.Max(status, Cat(places.Open(locator), session));
            return Math.Max(status, session.Status);
        });
        return command;
    }

    private static int Cat(Place place, Session session)
    {
        string shown = place.Show(place.Path);
        void Damaged(Damage damage) => session.Events(new FileDamaged(shown, damage));
        TreeNode file = place.Tree.Lookup(place.Path, damage: Damaged);
        if (file.Node.Type == FileType.Directory)
            throw new FailedException($"{shown}: is a directory", "'jumpbag ls' lists it, 'jumpbag tar' writes all that is in it");
        if (file.Node.Type != FileType.Regular)
            throw new FailedException($"{shown}: is not a regular file");
        ContentReader.Copy(file, session.Out.Write, Damaged);
        return session.Status;
    }
}
