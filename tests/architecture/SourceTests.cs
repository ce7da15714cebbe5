using System.Text.RegularExpressions;

namespace Jumpbag.Tests.Architecture;

public sealed partial class SourceTests
{
    private const int MostLines = 400;

    /// <summary>Tables of constants may be as long as what they list.</summary>
    private static readonly string[] Tables = [];

    [Fact]
    public void no_library_prints()
    {
        Assert.Empty(
            from file in Repository.Files("src", "*.cs")
            where !file.StartsWith("src/Jumpbag/", StringComparison.Ordinal)
            where ConsoleUse().IsMatch(Repository.Read(file))
            select file);
    }

    [Fact]
    public void no_source_file_is_longer_than_one_idea_takes()
    {
        Assert.Empty(
            from file in Repository.Files("src", "*.cs").Except(Tables)
            let lines = Repository.Read(file).Count(c => c == '\n')
            where lines > MostLines
            select $"{file}: {lines} lines");
    }

    [Fact]
    public void every_command_has_a_manual_page()
    {
        IEnumerable<string> commands = Repository.Files("src/Jumpbag/Commands", "*Command.cs")
            .Select(file => Path.GetFileName(file)[..^"Command.cs".Length].ToLowerInvariant()).Where(command => command.Length > 0);
        IEnumerable<string> pages = Repository.Files("docs/manual", "*.md").Select(file => Path.GetFileNameWithoutExtension(file));
        Assert.Empty(commands.Except(pages));
    }

    [Fact]
    public void nothing_names_a_place_on_the_machine_it_was_written_on()
    {
        string[] kinds = ["*.cs", "*.md", "*.csproj", "*.props", "*.json", "*.yml", "*.sh", "*.txt", "*.toml"];
        string[] scripts = ["test", "jumpbag", ".ci/run", ".ci/packages", ".ci/install-packages"];
        IEnumerable<string> files = kinds.SelectMany(kind => Repository.Files(".", kind))
            .Concat(Repository.Files("bench", "*"))
            .Concat(Repository.Files("src/Jumpbag/Demo", "make*"))
            .Concat(scripts.Where(script => File.Exists(Path.Combine(Repository.Top, script))))
            .Where(file => Path.GetFileName(file) != $"{nameof(SourceTests)}.cs");
        Assert.Empty(
            from file in files.Distinct()
            from Match match in PrivatePlace().Matches(Repository.Read(file))
            select $"{file}: {match.Value}");
    }

    [GeneratedRegex(@"\bConsole\s*\.")]
    private static partial Regex ConsoleUse();

    [GeneratedRegex(@"/wor[k]/|/tmp/bas[h]|/home/[a-z]+/src|/User[s]/")]
    private static partial Regex PrivatePlace();
}
