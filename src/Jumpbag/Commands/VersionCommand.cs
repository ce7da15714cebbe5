using System.CommandLine;
using Jumpbag.CommandLine;

namespace Jumpbag.Commands;

/// <summary>jumpbag version</summary>
public static class VersionCommand
{
    public static Command Make()
    {
        var command = new Command("version");
        command.Runs((_, session) =>
        {
            session.Out.WriteLine($"jumpbag {Number}");
            return ExitStatus.Done;
        });
        return command;
    }

    public static string Number => typeof(VersionCommand).Assembly.GetName().Version!.ToString(3);
}
