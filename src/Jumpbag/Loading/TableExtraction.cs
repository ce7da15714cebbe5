using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Loading;

/// <summary>jumpbag load --extract TABLE: one table out of a dump, to standard output.</summary>
internal static class TableExtraction
{
    public static int Write(DumpInput input, string table, Session session)
    {
        if (input.Files.FirstOrDefault(file => !file.IsRegular) is { } pipe)
            throw new UnsupportedException($"{pipe.Name}: a dump must be read twice to take a table out of it, which a pipe can't be", "save it to a file first; it may be compressed");
        DumpIndex index = DumpIndex.Read(input, null, DumpProgress.Step(input, "looking for the table", session));
        DumpObject found = TableExtract.Find(index, ByteString.FromArgument(table));
        var owned = index.OwnedSequences.Where(pair => pair.Value == found.Name).Select(pair => pair.Key).ToHashSet();
        return DumpEnds.Tell(input, TableExtract.Write(input, found, owned, session.Out.Write), session);
    }
}
