using System.CommandLine;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Host.Configuration;

namespace Jumpbag.Backups;

/// <summary>What the verbs of "jumpbag backup" share.</summary>
internal static class TierOptions
{
    public static readonly Option<string> Config = new("--config") { HelpName = "FILE", Description = "the configuration (JUMPBAG_CONFIG, ~/.config/jumpbag/jumpbag.toml, /etc/jumpbag.toml)" };

    /// <summary>A verb that works on what the configuration says.</summary>
    public static Command Make(string name, Func<BackupDesk, int> run, params Symbol[] symbols)
    {
        var command = new Command(name);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)symbol);
        }
        foreach (Option option in new Option[] { Config, CommonOptions.Json, CommonOptions.Progress, CommonOptions.Quiet, CommonOptions.Color })
            command.Add(option);
        command.Runs((parsed, session) =>
        {
            using var desk = new BackupDesk(parsed, session, Read(parsed));
            return run(desk);
        });
        return command;
    }

    /// <exception cref="JumpbagException">There is no configuration, or it has a mistake.</exception>
    public static TiersConfig Read(ParseResult parsed)
    {
        ConfigTable root = ConfigurationFile.Find(parsed.GetValue(Config)) ?? throw new NotFoundException("there is no configuration", $"jumpbag backup init writes {ConfigurationFile.Places[0]}, with comments; without one: --repo URL");
        return TiersConfig.Read(root);
    }
}
