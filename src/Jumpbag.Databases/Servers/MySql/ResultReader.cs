using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.MySql;

/// <summary>
/// Reads a command's answer: OK, an error, or columns, rows and their end; with further result sets until the last.
/// </summary>
/// <remarks>https://mariadb.com/kb/en/result-set-packets/</remarks>
internal sealed class ResultReader(PacketStream packets, Action<StatementProgress>? progress)
{
    private const byte Ok = 0x00, LocalFile = 0xFB, End = 0xFE;
    private const int MoreResults = 8;
    private const int MostColumns = 4096;

    private readonly ServerSocket socket = packets.Socket;
    private long left = AnswerLimits.Bytes;

    public QueryResult Read()
    {
        while (true)
        {
            (QueryResult result, int status) = ReadOne();
            if ((status & MoreResults) == 0)
                return result;
        }
    }

    private (QueryResult Result, int Status) ReadOne()
    {
        ReadOnlySpan<byte> packet = ReadPacket();
        switch (packet[0])
        {
            case Ok:
                return ParseOk(packet);
            case LocalFile:
                // The server asks for a file of this machine, which no statement of ours lets it; nothing is what it gets.
                packets.Send([]);
                ReadPacket();
                throw new UnsupportedException("the statement loads a file of this machine (LOAD DATA LOCAL INFILE), which is not allowed",
                    "let the mariadb client run that statement");
            default:
                return ReadRows(packet);
        }
    }

    private (QueryResult Result, int Status) ReadRows(ReadOnlySpan<byte> packet)
    {
        ulong count = new WireReader(packet, socket).Count();
        if (count is 0 or > MostColumns)
            throw socket.Broken($"a result of {count} columns");
        var columns = new ByteString[count];
        for (int i = 0; i < columns.Length; i++)
            columns[i] = ParseColumn(ReadPacket());
        if (!IsEnd(ReadPacket()))
            throw socket.Broken("more columns than it said");
        var rows = new List<byte[]?[]>();
        while (true)
        {
            packet = ReadPacket();
            if (IsEnd(packet))
                break;
            if (rows.Count == AnswerLimits.Rows)
                throw new AnswerTooLargeException();
            rows.Add(ParseRow(packet, columns.Length));
        }
        var reader = new WireReader(packet[1..], socket);
        int warnings = reader.UInt16(), status = reader.UInt16();
        return (new() { Columns = columns, Rows = rows, Warnings = warnings }, status);
    }

    private (QueryResult Result, int Status) ParseOk(ReadOnlySpan<byte> packet)
    {
        var reader = new WireReader(packet[1..], socket);
        ulong affected = reader.Count(), last = reader.Count();
        int status = reader.UInt16(), warnings = reader.UInt16();
        // Servers give the information as the rest, or with a length before it.
        ReadOnlySpan<byte> info = reader.Rest();
        if (!info.IsEmpty && info[0] == info.Length - 1)
            info = info[1..];
        return (new()
        {
            AffectedRows = (long)affected,
            LastInsertId = (long)last,
            Warnings = warnings,
            Info = new ByteString(info).ToString(),
        }, status);
    }

    /// <summary>catalog, schema, table, table's own name, name, own name, … : only the name is of use.</summary>
    private ByteString ParseColumn(ReadOnlySpan<byte> packet)
    {
        var reader = new WireReader(packet, socket);
        for (int i = 0; i < 4; i++)
            reader.Text(out _);
        return new(reader.Text(out _));
    }

    private byte[]?[] ParseRow(ReadOnlySpan<byte> packet, int columns)
    {
        var reader = new WireReader(packet, socket);
        var row = new byte[]?[columns];
        for (int i = 0; i < columns; i++)
        {
            ReadOnlySpan<byte> value = reader.Text(out bool isNull);
            row[i] = isNull ? null : value.ToArray();
        }
        Charge(columns * AnswerLimits.ValueOverhead);
        return row;
    }

    private static bool IsEnd(ReadOnlySpan<byte> packet) => packet[0] == End && packet.Length < 9;

    /// <summary>The next packet that is no report of progress; an error is thrown.</summary>
    private ReadOnlySpan<byte> ReadPacket()
    {
        while (true)
        {
            ReadOnlySpan<byte> packet = packets.Read(left);
            if (packet.IsEmpty)
                throw socket.Broken("an empty packet");
            if (packet[0] != ErrorPacket.Mark)
            {
                Charge(packet.Length);
                return packet;
            }
            if (packet.Length < 3 || (packet[1] | packet[2] << 8) != ErrorPacket.ProgressCode)
                throw ErrorPacket.Parse(packet, socket);
            Report(packet);
        }
    }

    /// <summary>1 0xFF, 2 0xFFFF, 1 number of strings (1), 1 stage, 1 stages, 3 thousandths of a percent, text</summary>
    private void Report(ReadOnlySpan<byte> packet)
    {
        var reader = new WireReader(packet, socket);
        reader.Take(4);
        int stage = reader.Byte(), stages = reader.Byte();
        ReadOnlySpan<byte> share = reader.Take(3);
        string what = new ByteString(reader.Text(out _)).ToString();
        progress?.Invoke(new(what, stage, stages, (share[0] | share[1] << 8 | share[2] << 16) / 1000.0));
    }

    private void Charge(int bytes)
    {
        if ((left -= bytes) < 0)
            throw new AnswerTooLargeException();
    }
}
