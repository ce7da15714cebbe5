using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>Rows of up to the gigabyte that the server takes, which go through without being held.</summary>
public sealed partial class PostgresLoad
{
    private LongRow? row;

    /// <summary>Null of one that an earlier run has put in.</summary>
    private (DumpStatement First, long Bytes, bool IsDone) passing;

    private void TakePart(DumpStatement part)
    {
        ObjectName name = part.Name!.Value;
        if (!part.IsRest)
        {
            EndRows();
            if (known.Add(name))
                Look(name);
            passing = (part, 0, main.Ledger.Knows(part));
            if (!passing.IsDone)
                Begin(part, name);
        }
        passing.Bytes += part.Length;
        if (passing.IsDone)
            part.Release?.Invoke();
        else
            while (!row!.TryAdd(part))
                pool.Check();
        if (part.HasRest)
            return;
        row = null;
        if (passing.IsDone && main.Ledger.IsDone(part.File, passing.First.Offset, passing.Bytes))
        {
            Table(name).RowsBefore++;
            Table(name).BytesBefore += passing.Bytes;
        }
        else if (ordered.Contains(name))
            pool.Drain();
    }

    private void Begin(DumpStatement first, ObjectName name)
    {
        if (ordered.Contains(name))
            pool.Drain();
        PostgresLedger ledger = main.Ledger;
        row = new(bytes => ledger.Note(name, first.File, first.Offset, bytes, 1));
        pool.Send(new(Table(name), main.Session, [first], "") { Row = row });
    }
}
