using System.Xml.Linq;

namespace Jumpbag.Tests.Architecture;

public sealed class LayerTests
{
    /// <summary>Which projects each may use. The order is that of the layers: none uses one that stands after it.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Jumpbag.Core"] = [],
        ["Jumpbag.Storage"] = ["Jumpbag.Core"],
        ["Jumpbag.Host"] = ["Jumpbag.Core"],
        ["Jumpbag.FileSystems"] = ["Jumpbag.Core", "Jumpbag.Storage", "Jumpbag.Host"],
        ["Jumpbag.Databases"] = ["Jumpbag.Core", "Jumpbag.Host"],
        ["Jumpbag.Backup"] = ["Jumpbag.Core", "Jumpbag.Storage", "Jumpbag.Host", "Jumpbag.FileSystems", "Jumpbag.Databases"],
        ["Jumpbag.Facts"] = ["Jumpbag.Core", "Jumpbag.Storage", "Jumpbag.Host", "Jumpbag.FileSystems", "Jumpbag.Databases"],
        ["Jumpbag.Incident"] = ["Jumpbag.Core", "Jumpbag.Host"],
        ["Jumpbag.IncidentStore"] = ["Jumpbag.Core", "Jumpbag.Databases", "Jumpbag.Incident"],
        ["Jumpbag.Board"] = ["Jumpbag.Core", "Jumpbag.Host", "Jumpbag.Incident"],
        ["Jumpbag"] = ["Jumpbag.Core", "Jumpbag.Storage", "Jumpbag.Host", "Jumpbag.FileSystems", "Jumpbag.Databases", "Jumpbag.Backup", "Jumpbag.Facts", "Jumpbag.Incident", "Jumpbag.IncidentStore", "Jumpbag.Board"],
    };

    [Fact]
    public void a_project_uses_only_the_projects_below_it()
    {
        Assert.NotEmpty(Projects());
        Assert.Empty(
            from project in Projects()
            from used in References(project)
            where !Allowed.TryGetValue(Name(project), out string[]? allowed) || !allowed.Contains(used)
            select $"{Name(project)} uses {used}");
    }

    [Fact]
    public void every_project_has_its_place_among_the_layers()
    {
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), Projects().Select(Name).Order(StringComparer.Ordinal));
        string[] order = [.. Allowed.Keys];
        Assert.All(Allowed, layer => Assert.All(layer.Value, used =>
            Assert.True(Array.IndexOf(order, used) < Array.IndexOf(order, layer.Key), $"{layer.Key} stands below {used}")));
    }

    [Fact]
    public void a_file_lies_in_the_project_and_folder_that_its_namespace_names()
    {
        Assert.Empty(
            from project in Projects()
            from file in Repository.Files(Path.GetDirectoryName(project)!, "*.cs")
            let declared = Repository.Read(file).Split('\n').FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))
            where declared is not null
            let found = declared["namespace ".Length..].TrimEnd(';', ' ', '{')
            let wanted = Path.GetRelativePath("src", Path.GetDirectoryName(file)!).Replace('/', '.')
            where found != wanted && found != Name(project)
            select $"{file}: namespace {found}, not {wanted}");
    }

    private static IEnumerable<string> Projects() => Repository.Files("src", "*.csproj");

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> References(string project) =>
        XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(reference => Name(reference.Attribute("Include")!.Value));
}
