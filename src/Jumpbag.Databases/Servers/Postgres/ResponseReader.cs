using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Postgres;

/// <summary>Reads what the server says until it is ready for the next statement.</summary>
/// <remarks>https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY</remarks>
internal sealed class ResponseReader(MessageStream messages, Dictionary<string, string> parameters)
{
    private readonly ServerSocket socket = messages.Socket;
    private long left = AnswerLimits.Bytes;
    private ByteString[] columns = [];
    private List<byte[]?[]> rows = [];
    private ErrorMessage? error;
    private string tag = "";

    /// <summary>'I' for none, 'T' in a transaction, 'E' in one that failed.</summary>
    public char TransactionStatus { get; private set; }

    public int Notices { get; private set; }

    /// <summary>
    /// Until the server waits for the lines of a COPY (true), or has ended the statement (false).
    /// </summary>
    public bool ReadToCopy()
    {
        while (true)
        {
            char type = Next(out ReadOnlySpan<byte> content);
            switch (type)
            {
                case 'G':
                    return true;
                case 'Z':
                    End(content);
                    return false;
                default:
                    Take(type, content);
                    break;
            }
        }
    }

    public void ReadToEnd()
    {
        while (true)
        {
            char type = Next(out ReadOnlySpan<byte> content);
            switch (type)
            {
                case 'G':
                    // Nobody gave lines: the statement is one for Copy.
                    messages.Send('f', "no lines were given\0"u8);
                    break;
                case 'Z':
                    End(content);
                    return;
                default:
                    Take(type, content);
                    break;
            }
        }
    }

    /// <summary>What was read, or the error that the server gave.</summary>
    public QueryResult Result()
    {
        if (error is not null)
            throw error.ToException();
        string count = tag.Split(' ')[^1];
        return new()
        {
            Columns = columns,
            Rows = rows,
            Info = tag,
            Warnings = Notices,
            AffectedRows = long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out long affected) ? affected : 0,
        };
    }

    private char Next(out ReadOnlySpan<byte> content)
    {
        char type = messages.Read(AnswerLimits.Bytes, out content);
        // Copied-out data is thrown away; the rest is kept, or could be sent for ever.
        if (type is not ('d' or 'N' or 'S' or 'A'))
            left -= content.Length;
        return left < 0 ? throw new AnswerTooLargeException() : type;
    }

    private void Take(char type, ReadOnlySpan<byte> content)
    {
        switch (type)
        {
            case 'T':
                ReadColumns(content);
                break;
            case 'D':
                ReadRow(content);
                break;
            case 'C':
                tag = new ByteString(new MessageReader(content, socket).NulTerminated()).ToString();
                break;
            case 'E':
                var found = ErrorMessage.Parse(content, socket);
                if (found.IsFatal)
                    throw new ConnectionLostException($"the server ended the connection: {found}");
                error ??= found;
                break;
            case 'N':
                Notices++;
                break;
            case 'S':
                StartUp.ReadParameter(content, parameters, socket);
                break;
            case 'I' or 'A' or 'H' or 'd' or 'c':
                break;
            default:
                throw socket.Broken("a message that answers no statement");
        }
    }

    private void End(ReadOnlySpan<byte> content) => TransactionStatus = (char)new MessageReader(content, socket).Byte();

    /// <summary>2 count; of each: name, NUL, 18 bytes of table, column, type and format</summary>
    private void ReadColumns(ReadOnlySpan<byte> content)
    {
        var reader = new MessageReader(content, socket);
        columns = new ByteString[Math.Max((int)reader.Int16(), 0)];
        rows = [];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = new(reader.NulTerminated());
            reader.Take(18);
        }
    }

    /// <summary>2 count; of each: 4 length (-1 for NULL), the value</summary>
    private void ReadRow(ReadOnlySpan<byte> content)
    {
        var reader = new MessageReader(content, socket);
        int count = reader.Int16();
        if (count != columns.Length)
            throw socket.Broken("a row of another number of columns");
        left -= count * AnswerLimits.ValueOverhead;
        if (rows.Count == AnswerLimits.Rows)
            throw new AnswerTooLargeException();
        var row = new byte[]?[count];
        for (int i = 0; i < count; i++)
            row[i] = reader.Int32() is var length and >= 0 ? reader.Take(length).ToArray() : null;
        rows.Add(row);
    }
}
