using System.CommandLine;
using Jumpbag.CommandLine;

namespace Jumpbag.Commands;

/// <summary>jumpbag completion SHELL: commands, options, and files of this machine for locators.</summary>
public static class CompletionCommand
{
    public static Command Make()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion") { shell };
        command.Runs((parsed, session) =>
        {
            session.Out.Write(parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash(),
                "zsh" => "autoload -U +X bashcompinit && bashcompinit\n" + Bash(),
                _ => Fish(),
            });
            return ExitStatus.Done;
        });
        return command;
    }

    private static string Bash() => $$"""
        _jumpbag() {
          local word=${COMP_WORDS[COMP_CWORD]} words=
          if [ "$COMP_CWORD" -eq 1 ]; then
            words="{{string.Join(' ', CommandTable.All.Select(command => command.Name))}} --help --version"
          elif [[ $word == -* ]]; then
            case ${COMP_WORDS[1]} in
        {{string.Join('\n', CommandTable.All.Select(command => $"      {command.Name}) words=\"{string.Join(' ', OptionNames(command.Make()))}\" ;;"))}}
            esac
          elif [ "$COMP_CWORD" -eq 2 ]; then
            case ${COMP_WORDS[1]} in
        {{string.Join('\n', CommandTable.All.Select(command => (command.Name, Parts: Parts(command.Make()))).Where(command => command.Parts.Length > 0).Select(command => $"      {command.Name}) words=\"{command.Parts}\" ;;"))}}
            esac
          fi
          if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi
        }
        complete -o filenames -F _jumpbag jumpbag

        """;

    private static string Fish() => string.Concat(CommandTable.All.SelectMany(command => OptionNames(command.Make())
        .Where(option => option.StartsWith("--", StringComparison.Ordinal))
        .Select(option => $"complete -c jumpbag -n '__fish_seen_subcommand_from {command.Name}' -l {option[2..]}\n")
        .Concat(Parts(command.Make()).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => $"complete -c jumpbag -n '__fish_seen_subcommand_from {command.Name}' -a {part}\n"))
        .Prepend($"complete -c jumpbag -n __fish_use_subcommand -a {command.Name} -d '{command.Summary.Replace("'", "\\'", StringComparison.Ordinal)}'\n")));

    /// <summary>The commands within a command: "list clean".</summary>
    private static string Parts(Command command) => string.Join(' ', command.Subcommands.Select(part => part.Name));

    private static IEnumerable<string> OptionNames(Command command) =>
        command.Options.SelectMany(option => option.Aliases.Prepend(option.Name)).Append("--help").Where(name => name.StartsWith('-'));
}
