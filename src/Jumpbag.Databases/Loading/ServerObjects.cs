using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>What was on the server before the load: so that nothing is replaced that the person did not allow to.</summary>
public sealed class ServerObjects
{
    private readonly HashSet<(string Kind, ObjectName Name)> found = [];

    /// <summary>Reads the names of all tables, views, triggers, routines and events.</summary>
    public static ServerObjects Read(MySqlConnection connection)
    {
        var objects = new ServerObjects();
        // The names as bytes of UTF-8, whatever this session's character set is.
        objects.Add(connection, "table", "SELECT CAST(TABLE_SCHEMA AS BINARY), CAST(TABLE_NAME AS BINARY) FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema')");
        objects.Add(connection, "trigger", "SELECT CAST(TRIGGER_SCHEMA AS BINARY), CAST(TRIGGER_NAME AS BINARY) FROM information_schema.TRIGGERS");
        objects.Add(connection, "routine", "SELECT CAST(ROUTINE_SCHEMA AS BINARY), CAST(ROUTINE_NAME AS BINARY) FROM information_schema.ROUTINES");
        objects.Add(connection, "event", "SELECT CAST(EVENT_SCHEMA AS BINARY), CAST(EVENT_NAME AS BINARY) FROM information_schema.EVENTS");
        return objects;
    }

    /// <summary>What kind of object of these would be in the way of this statement's; null where none is.</summary>
    public string? InTheWay(StatementKind kind, ObjectName name)
    {
        string wanted = kind switch
        {
            StatementKind.CreateTable or StatementKind.CreateView or StatementKind.CreateSequence => "table",
            StatementKind.CreateTrigger => "trigger",
            StatementKind.CreateRoutine => "routine",
            StatementKind.CreateEvent => "event",
            _ => "",
        };
        return found.Contains((wanted, name)) ? wanted == "table" ? "table or view" : wanted : null;
    }

    public string? InTheWay(DumpObjectType type, ObjectName name) => InTheWay(type switch
    {
        DumpObjectType.Table or DumpObjectType.View or DumpObjectType.Sequence => StatementKind.CreateTable,
        DumpObjectType.Trigger => StatementKind.CreateTrigger,
        DumpObjectType.Routine => StatementKind.CreateRoutine,
        DumpObjectType.Event => StatementKind.CreateEvent,
        _ => StatementKind.Other,
    }, name);

    private void Add(MySqlConnection connection, string kind, string query)
    {
        foreach (byte[]?[] row in connection.Query(query).Rows)
            found.Add((kind, new(ByteString.Own(row[0]!), ByteString.Own(row[1]!))));
    }
}
