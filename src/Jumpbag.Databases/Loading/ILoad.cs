using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>The loading of one dump into one server, of either kind.</summary>
public interface ILoad : IDisposable
{
    LoadProgress Progress { get; }

    LoadReport Report { get; }

    IReadOnlyCollection<TableLoad> Tables { get; }

    /// <summary>Patterns of the person that fitted nothing in the dump.</summary>
    IEnumerable<string> Unmatched { get; }

    /// <summary>Whether anything of this object is to be loaded, and what it is then called on the server.</summary>
    bool Wants(DumpObject found);

    ObjectName OnServer(DumpObject found);

    /// <summary>PostgreSQL: the database that it goes to, where the dump says so.</summary>
    ByteString? DatabaseOnServer(DumpObject found);

    /// <summary>The table of the dump as it is loaded; null where it was not begun.</summary>
    TableLoad? Find(DumpObject table);

    /// <summary>Whether indexes of its definition are put off until its rows are in.</summary>
    bool DefersKeys(DumpObject table);

    /// <summary>Before anything is changed: whether the server has what the dump would make, and room for it.</summary>
    void CheckTarget(DumpIndex index);

    /// <summary>From here on the server is changed.</summary>
    void Begin();

    /// <summary>Takes the next statement of the dump, which it releases when it is done with it.</summary>
    void Handle(DumpStatement statement);

    /// <summary>The dump ends before its end: waits for the rows that were handed to the connections. What is noted of them stays.</summary>
    void Settle();

    /// <summary>All statements were handled: waits for the rows, makes what was put off, and checks that it is there.</summary>
    void Finish();

    /// <summary>What the server says that the busy connections are doing; asked when it is silent for long.</summary>
    IReadOnlyList<string> AskServer();
}
