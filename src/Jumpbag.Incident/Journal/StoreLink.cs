using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Notifying;

namespace Jumpbag.Incident.Journal;

/// <summary>Which store a journal is in: two lines in ID.store beside it, or in a fallback where that can't be written.</summary>
/// <param name="Url">Without a password.</param>
/// <param name="First">The hash of its first event.</param>
public sealed record StoreLink(string Url, string First)
{
    public static StoreLink? Of(string journal, IReadOnlyList<string> fallbacks)
    {
        foreach (string file in Files(journal, fallbacks.Where(Folder.IsPrivate)))
        {
            try
            {
                if (File.Exists(file) && File.ReadAllLines(file) is [{ Length: > 0 } url, { Length: > 0 } first])
                    return new(url, first);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // There is one, which can't be had: events go to the file, with a warning that names this.
                return new($"{file}: {e.Message}", EntryLine.Genesis);
            }
        }
        return null;
    }

    /// <exception cref="FailedException">It can be written nowhere.</exception>
    public void Save(string journal, IReadOnlyList<string> fallbacks)
    {
        FailedException? refused = null;
        foreach (string file in Files(journal, fallbacks))
        {
            try
            {
                Folder.MakePrivate(Path.GetDirectoryName(file)!);
                WholeFile.Write(file, Encoding.UTF8.GetBytes($"{Url}\n{First}\n"));
                return;
            }
            catch (PlaceException e)
            {
                refused ??= new(e.Message, null, e);
            }
            catch (FailedException e)
            {
                refused ??= e;
            }
        }
        throw refused!;
    }

    /// <exception cref="FailedException">It can't be taken away.</exception>
    public static void Forget(string journal, IReadOnlyList<string> fallbacks)
    {
        try
        {
            foreach (string file in Files(journal, fallbacks.Where(Folder.IsPrivate)))
                File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{journal}: its store could not be forgotten: {e.Message}", null, e);
        }
    }

    private static IEnumerable<string> Files(string journal, IEnumerable<string> fallbacks) =>
        fallbacks.Select(folder => Path.Combine(folder, Path.GetFileName(journal))).Prepend(journal).Select(path => Path.ChangeExtension(path, ".store"));
}
