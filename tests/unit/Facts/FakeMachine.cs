using Jumpbag.Facts;
using Jumpbag.Facts.Files;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Facts;

/// <summary>Files as a machine has them, below a folder, and what a probe makes of them.</summary>
internal sealed class FakeMachine : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public DateTimeOffset Now { get; init; } = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    public List<FactLine> Lines { get; } = [];

    public ProbeContext? Context { get; private set; }

    public FakeMachine With(string path, string content)
    {
        string file = folder.Path + path;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return this;
    }

    public FakeMachine At(string path, DateTime modified)
    {
        File.SetLastWriteTimeUtc(folder.Path + path, modified);
        return this;
    }

    public Fact[] Run(Action<ProbeContext> probe, string name = "probe")
    {
        Context = new(name, new LiveFiles(folder.Path), Now, Lines.Add, wantsEvidence: true);
        probe(Context);
        return [.. Lines.Select(line => line.ToFact()).OfType<Fact>()];
    }

    public void Dispose() => folder.Dispose();
}
