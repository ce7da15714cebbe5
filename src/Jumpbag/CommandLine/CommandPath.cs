using System.CommandLine;
using System.CommandLine.Parsing;

namespace Jumpbag.CommandLine;

/// <summary>The commands that a person named, from the outermost: "incident", "step", "run".</summary>
public static class CommandPath
{
    public static string[] Of(ParseResult parsed)
    {
        var path = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult result && result.Command != parsed.RootCommandResult.Command; at = result.Parent)
            path.Insert(0, result.Command.Name);
        return [.. path];
    }
}
