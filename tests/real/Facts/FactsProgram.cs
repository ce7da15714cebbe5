using System.Text.Json;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>Runs "jumpbag facts" and reads its lines.</summary>
internal static class FactsProgram
{
    public static (ShellResult Result, JsonElement[] Lines) Run(string folder, string arguments)
    {
        ShellResult result = JumpbagProgram.Bash(folder, $"export JUMPBAG_STATE=$PWD/state DOTNET_EnableDiagnostics=0\njumpbag facts --json {arguments}");
        return (result, [.. result.Output.TrimEnd().Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)]);
    }

    public static string Text(this JsonElement line, string name) => line.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    public static JsonElement[] Facts(this JsonElement[] lines, string probe, string name) => [.. lines.Where(line => line.Text("type") == "fact" && line.Text("probe") == probe && line.Text("name") == name)];
}
